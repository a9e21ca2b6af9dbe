/**
 * An HTTP proxy before a real S3 server that spoils requests as a seed tells: a bad network and a
 * bad server in one. Signatures stay valid, since the Host header is passed on as it came.
 *
 *   const proxy = await FaultProxy.open(s3Endpoint(), { seed: 7, rate: 0.1 });
 *   // use proxy.endpoint in place of the server's
 *   proxy.rate = 0;            // behaves from now on
 *   proxy.onRequest = (nth, request) => …;   // for instance: kill the client at the 40th request
 *   await proxy.close();
 *
 * The n-th request of a run meets the same fault for the same seed. Bits are flipped only where S3
 * has a checksum against it: in bodies of PUT, and in objects that are fetched (ranges: the reader's
 * own hashes). Listings have none; TLS protects them in the world outside of tests.
 */
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { systemClock } from '../../core/clock.js';
import { seededRandom } from './random.js';

export const faultKinds = [
  /** 500 InternalError; the server never hears of the request. */
  'internal-error',
  /** 503 SlowDown with Retry-After, in seconds or as a date; the server never hears of it. */
  'slow-down',
  /** The connection is reset while the request comes in; the server may have heard the beginning. */
  'reset-request',
  /** The server does what was asked; the answer is lost. */
  'lost-answer',
  /** The answer's body ends midway, the connection with it. */
  'truncate-response',
  /** One bit of a PUT's body is flipped. */
  'flip-request',
  /** One bit of a fetched object is flipped. */
  'flip-response',
  /** Nothing comes for `stallMs`, then the connection is reset. */
  'stall',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface FaultOptions {
  readonly seed: number;
  /** Share of requests that meet a fault, from 0 to 1. */
  readonly rate: number;
  /** All unless told. */
  readonly kinds?: readonly FaultKind[];
  /** 3 s unless told. */
  readonly stallMs?: number;
  /** 1 s unless told. */
  readonly retryAfterSeconds?: number;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** From 0 up to 1: where in a body it happens, which form it takes. */
  readonly where: number;
}

export class FaultProxy {
  /** May be changed while it runs. */
  rate: number;
  /** Which of them; may be changed as well. */
  kinds: readonly FaultKind[];
  /** Called for every request before anything is done with it, and nothing is if it destroys the socket; `nth` counts from 1. */
  onRequest: (nth: number, request: IncomingMessage) => void = () => {};
  /** Called for every answer of the server's that is passed on. */
  onAnswer: (request: IncomingMessage, status: number) => void = () => {};
  requests = 0;
  /** How often each fault was done. */
  readonly done: Record<FaultKind, number> = Object.fromEntries(
    faultKinds.map((kind) => [kind, 0]),
  ) as Record<FaultKind, number>;
  readonly #target: URL;
  readonly #options: FaultOptions;
  readonly #agent = new Agent({ keepAlive: true });
  #server: Server | undefined;
  #port = 0;

  private constructor(target: string, options: FaultOptions) {
    this.#target = new URL(target);
    this.#options = options;
    this.rate = options.rate;
    this.kinds = options.kinds ?? faultKinds;
  }

  /** `target` is the real server's origin, `http://127.0.0.1:7480`. */
  static async open(target: string, options: FaultOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options);
    const listener: RequestListener = (request, response) => proxy.#handle(request, response);
    const server = createServer({ keepAliveTimeout: 60_000 }, listener);
    proxy.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy.#port = (server.address() as AddressInfo).port;
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get faults(): number {
    return Object.values(this.done).reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#agent.destroy();
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.requests += 1;
    this.onRequest(this.requests, request);
    if (request.socket.destroyed) return;
    const random = seededRandom(this.#options.seed * 1_000_003 + this.requests);
    const isFaulty = random() < this.rate;
    const kinds = this.kinds.filter((kind) => isPossible(kind, request));
    const kind = isFaulty ? kinds[Math.floor(random() * kinds.length)] : undefined;
    const exchange = { request, response, where: random() };
    request.on('error', () => {});
    response.on('error', () => {});
    if (kind === undefined) {
      this.#forward(exchange);
      return;
    }
    this.done[kind] += 1;
    this.#spoil(kind, exchange);
  }

  #spoil(kind: FaultKind, exchange: Exchange): void {
    const { request, response, where } = exchange;
    switch (kind) {
      case 'internal-error':
        refuse(exchange, 500, 'InternalError', {});
        return;
      case 'slow-down': {
        const seconds = this.#options.retryAfterSeconds ?? 1;
        const date = new Date(systemClock.now() + seconds * 1000).toUTCString();
        refuse(exchange, 503, 'SlowDown', { 'retry-after': where < 0.5 ? String(seconds) : date });
        return;
      }
      case 'reset-request':
        this.#forward(exchange, { upload: breakingAt(request, where, () => cut(request)) });
        return;
      case 'lost-answer':
        this.#forward(exchange, { answer: () => cut(request) });
        return;
      case 'truncate-response':
        this.#forward(exchange, {
          download: (source) => breakingAt(source, where, () => cut(request)),
        });
        return;
      case 'flip-request':
        this.#forward(exchange, { upload: request.pipe(flippingAt(sizeOf(request), where)) });
        return;
      case 'flip-response':
        this.#forward(exchange, {
          download: (source) => source.pipe(flippingAt(sizeOf(source), where)),
        });
        return;
      case 'stall': {
        const timer = systemClock.after(this.#options.stallMs ?? 3_000, () => cut(request));
        response.once('close', () => timer.cancel());
        return;
      }
    }
  }

  #forward(
    { request, response }: Exchange,
    spoiled: {
      upload?: Readable;
      download?: (source: IncomingMessage) => Readable;
      answer?: () => void;
    } = {},
  ): void {
    const { hostname, port } = this.#target;
    const { method, url: path, headers } = request;
    const outgoing = httpRequest({ hostname, port, method, path, headers, agent: this.#agent }, (answer) => {
      answer.on('error', () => cut(request));
      if (spoiled.answer !== undefined) {
        answer.resume().once('end', spoiled.answer);
        return;
      }
      this.onAnswer(request, answer.statusCode ?? 500);
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      const isObject = answer.statusCode === 200 || answer.statusCode === 206;
      const body = isObject && spoiled.download !== undefined ? spoiled.download(answer) : answer;
      body.pipe(response);
    });
    outgoing.on('error', () => cut(request));
    request.once('close', () => {
      if (!request.complete) outgoing.destroy();
    });
    (spoiled.upload ?? request).pipe(outgoing);
  }
}

function isPossible(kind: FaultKind, request: IncomingMessage): boolean {
  const isObject = new URL(request.url ?? '/', 'http://x').pathname.split('/').length > 2;
  const isFetch =
    request.method === 'GET' && isObject && !/[?&](uploads|uploadId|list-type)/.test(request.url ?? '');
  if (kind === 'flip-request') return request.method === 'PUT' && sizeOf(request) > 0;
  if (kind === 'reset-request') return sizeOf(request) > 0;
  if (kind === 'truncate-response' || kind === 'flip-response') return isFetch;
  return true;
}

function sizeOf(message: IncomingMessage): number {
  return Number(message.headers['content-length'] ?? 0);
}

function cut(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

function refuse(
  { request, response }: Exchange,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>>,
): void {
  request.resume().once('end', () => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>by seed</Message></Error>`);
  });
}

/** Passes a share of the body on, then calls `end` and stops. */
function breakingAt(source: IncomingMessage, where: number, end: () => void): Readable {
  let left = Math.floor(sizeOf(source) * where);
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      if (chunk.length <= left) {
        left -= chunk.length;
        done(null, chunk);
        return;
      }
      this.push(chunk.subarray(0, left));
      // The bytes before the break should arrive.
      setImmediate(end);
    },
  });
  return source.pipe(limit);
}

function flippingAt(sizeBytes: number, where: number): Transform {
  let toGo = Math.floor(sizeBytes * where);
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const spoiled = Buffer.from(chunk);
      if (toGo >= 0 && toGo < chunk.length) spoiled[toGo] = (chunk[toGo] ?? 0) ^ 4;
      toGo -= chunk.length;
      done(null, spoiled);
    },
  });
}
