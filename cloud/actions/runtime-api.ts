/**
 * The Lambda Runtime API (2018-06-01) for one process, on loopback at a port of its own: stock runtime
 * clients ask it for events and tell it their results. One event at a time.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Closeable } from '../../core/lifecycle.js';

export interface RuntimeEvent {
  readonly runId: string;
  readonly attempt: number;
  /** As JSON. */
  readonly event: string;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly functionArn: string;
}

export interface RuntimeApiListener {
  /** The process asks for an event: it is up, and through with the one before. */
  onNext(): void;
  /** `runId` is undefined for an error while it came up. */
  onError(runId: string | undefined, errorType: string, errorMessage: string): void;
  onResponse(runId: string, body: string): void;
}

const root = '/2018-06-01/runtime';
/** As AWS Lambda takes at most. */
const maxBodyBytes = 6 * 1024 * 1024;

export class RuntimeApi implements Closeable {
  readonly #server: Server;
  readonly #listener: RuntimeApiListener;
  #asking: ServerResponse | undefined;
  #current: string | undefined;

  private constructor(server: Server, listener: RuntimeApiListener) {
    this.#server = server;
    this.#listener = listener;
  }

  static async open(listener: RuntimeApiListener): Promise<RuntimeApi> {
    const server = createServer({ requestTimeout: 0 });
    const api = new RuntimeApi(server, listener);
    server.on('request', (request, response) => void api.#answer(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return api;
  }

  /** For AWS_LAMBDA_RUNTIME_API. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Hands an event to the process; it has asked for one. */
  hand({ runId, attempt, event, deadlineMs, functionArn }: RuntimeEvent): void {
    const seconds = Math.floor(deadlineMs / 1000).toString(16);
    this.#current = runId;
    this.#asking?.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': runId,
      'lambda-runtime-deadline-ms': String(deadlineMs),
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': `Root=1-${seconds.padStart(8, '0')}-${randomBytes(12).toString('hex')};Sampled=0`,
      'gatehouse-attempt': String(attempt),
    });
    this.#asking?.end(event);
    this.#asking = undefined;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0] ?? '';
    if (request.method === 'GET' && path === `${root}/invocation/next`) return this.#next(response);
    if (request.method !== 'POST') return refuse(response, 404, 'NotFound', 'there is no such path');
    const body = await bodyOf(request);
    if (body === undefined) return refuse(response, 413, 'RequestEntityTooLarge', 'the body is too large');
    if (path === `${root}/init/error`) {
      accept(response);
      const { errorType, errorMessage } = errorOf(request, body);
      return this.#listener.onError(undefined, errorType, errorMessage);
    }
    const [, runId, what] = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (runId === undefined) return refuse(response, 404, 'NotFound', 'there is no such path');
    if (runId !== this.#current)
      return refuse(response, 400, 'InvalidRequestID', 'no such event is under way');
    this.#current = undefined;
    accept(response);
    if (what === 'response') return this.#listener.onResponse(runId, body);
    const { errorType, errorMessage } = errorOf(request, body);
    return this.#listener.onError(runId, errorType, errorMessage);
  }

  #next(response: ServerResponse): void {
    this.#asking?.destroy();
    this.#asking = response;
    this.#listener.onNext();
  }
}

/** Undefined when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of request) {
      sizeBytes += (part as Buffer).length;
      if (sizeBytes <= maxBodyBytes) parts.push(part as Buffer);
    }
  } catch {
    return '';
  }
  return sizeBytes > maxBodyBytes ? undefined : Buffer.concat(parts).toString('utf8');
}

function errorOf(request: IncomingMessage, body: string): { errorType: string; errorMessage: string } {
  const header = request.headers['lambda-runtime-function-error-type'];
  let told: { errorType?: unknown; errorMessage?: unknown } = {};
  try {
    told = (JSON.parse(body) ?? {}) as typeof told;
  } catch {
    told = { errorMessage: body.slice(0, 1_000) };
  }
  return {
    errorType: String(told.errorType ?? header ?? 'Error').slice(0, 200),
    errorMessage: String(told.errorMessage ?? '').slice(0, 8_000),
  };
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errorType, errorMessage }));
}
