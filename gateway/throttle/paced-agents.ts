/**
 * HTTP and HTTPS agents whose connections are paced: what a limit counts is every byte that TCP
 * carries for them, both directions apart. A connection begun under a limit is paced below TLS,
 * exactly; one begun without is paced above it should a limit come, and is not used again then.
 */
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP, Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import { PacedSocket, type Wire } from './paced-socket.js';
import { loadSocketTuning, type SocketTuning } from './socket-tuning.js';

/** The windows of all connections hold what comes in this time at the limit, and in a round trip: */
const windowMs = 20;
/** in more than one, since small segments take up to three times their bytes of the kernel's buffer. */
const roundTrips = 2.5;
/** Until a connection has shown it. */
const usualRoundTripMs = 15;
/** With less of a limit the first connection can have its window widened afterwards. */
const wideRate = 1024 * 1024;
/** The kernel may hold unsent what leaves in this time. */
const sendBufferMs = 250;
const smallestSendBufferBytes = 16 * 1024;
/** Above this the kernel's own way of sizing buffers is better than a fixed one. */
const largestSendBufferBytes = 1024 * 1024;
/** What a peer may send at first where nobody sets the window. */
const kernelWindowBytes = 64 * 1024;
const beginningWindowBytes = 1_600;
const connectLimitMs = 15_000;
const plainReadBytes = 64 * 1024;
/** More than the smallest windows hold. */
const smallestReadBytes = 4 * 1024;

type Connected = (error: Error | null, socket?: Duplex) => void;

interface Target {
  readonly host: string;
  readonly port: number;
}

interface Live {
  readonly paced: PacedSocket;
  readonly top: Duplex & { setTimeout(ms: number): unknown };
  /** Below TLS. */
  readonly isExact: boolean;
  /** What the HTTP side asked for; not in force during a pause. */
  silenceMs: number;
}

export class PacedAgents {
  readonly httpAgent: http.Agent;
  readonly httpsAgent: https.Agent;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #live = new Map<Duplex, Live>();
  readonly #connecting = new Set<Socket>();
  readonly #stopListening: (() => void)[];
  #tuning: SocketTuning | undefined;
  #roundTripMs: number | undefined;
  #closed = false;
  #wasPaused: boolean;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#clock = wire.clock;
    this.#wasPaused = this.#isPaused;
    this.httpAgent = this.#adopt(new http.Agent({ keepAlive: true, maxSockets: 50 }), false);
    this.httpsAgent = this.#adopt(new https.Agent({ keepAlive: true, maxSockets: 50 }), true) as https.Agent;
    const { upload, download } = wire;
    this.#stopListening = [upload, download].map((limiter) => limiter.onChange(() => this.#onChange()));
  }

  /** Idempotent. Cuts every connection. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stopListening) stop();
    for (const socket of this.#connecting) socket.destroy();
    this.httpAgent.destroy();
    this.httpsAgent.destroy();
    for (const top of this.#live.keys()) top.destroy();
  }

  #adopt(agent: http.Agent, isSecure: boolean): http.Agent {
    const { keepSocketAlive } = agent as unknown as { keepSocketAlive(socket: Duplex): boolean };
    const secure = agent.createConnection.bind(agent);
    return Object.assign(agent, {
      createConnection: (options: http.ClientRequestArgs, connected: Connected): undefined => {
        const wrap = isSecure
          ? (socket: Duplex) => secure({ ...options, socket } as http.ClientRequestArgs) as Duplex
          : undefined;
        this.#connect(targetOf(options), wrap).then((socket) => connected(null, socket), connected);
      },
      keepSocketAlive: (socket: Duplex): boolean => {
        const live = this.#live.get(socket);
        live?.paced.rest();
        const isStale = live !== undefined && !live.isExact && this.#isLimited;
        return !isStale && keepSocketAlive.call(agent, socket);
      },
    });
  }

  get #isLimited(): boolean {
    return !this.#wire.upload.isOpen || !this.#wire.download.isOpen;
  }

  async #connect(target: Target, wrap: ((socket: Duplex) => Duplex) | undefined): Promise<Duplex> {
    const isExact = this.#isLimited || wrap === undefined;
    if (this.#isLimited) this.#tuning ??= await loadSocketTuning();
    const addresses = isIP(target.host) !== 0 ? [target.host] : await addressesOf(target.host);
    let failure: unknown;
    for (const address of addresses) {
      try {
        return isExact
          ? await this.#openExact(target, address, wrap)
          : await this.#openPlain(target, address, wrap);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** The paced socket right over TCP, TLS above it. */
  async #openExact(target: Target, address: string, wrap?: (socket: Duplex) => Duplex): Promise<Duplex> {
    const { download } = this.#wire;
    const receiver: { paced?: PacedSocket } = {};
    const onread = {
      // All that the window held: the kernel drops what comes while it keeps a segment read in part.
      buffer: () =>
        Buffer.allocUnsafe(
          download.isOpen
            ? plainReadBytes
            : Math.max(smallestReadBytes, Math.min(plainReadBytes, receiver.paced?.windowBytes ?? 0)),
        ),
      callback: (length: number, buffer: Uint8Array) =>
        receiver.paced?.receive(buffer.subarray(0, length)) ?? false,
    };
    const raw = await this.#reach(target, address, { onread } as SocketConstructorOpts);
    receiver.paced = new PacedSocket({ wire: this.#wire, inner: raw, raw });
    return this.#join(receiver.paced.begin(), wrap?.(receiver.paced) ?? receiver.paced, true);
  }

  /** The paced socket over TLS over TCP: less work for each byte, while there is no limit. */
  async #openPlain(target: Target, address: string, wrap?: (socket: Duplex) => Duplex): Promise<Duplex> {
    const raw = await this.#reach(target, address, {});
    const inner = (wrap?.(raw) ?? raw) as Socket;
    const paced = new PacedSocket({ wire: this.#wire, inner, raw });
    inner.on('data', (chunk: Uint8Array) => {
      if (!paced.receive(chunk)) inner.pause();
    });
    return this.#join(paced.begin(), paced, false);
  }

  #reach(target: Target, address: string, options: SocketConstructorOpts): Promise<Socket> {
    const family = isIP(address) === 6 ? 6 : 4;
    const windowBytes = this.#windowBytes(1);
    const socket =
      this.#tuning === undefined || windowBytes === undefined
        ? new Socket(options)
        : this.#tuning.open(family, firstWindow(windowBytes), options);
    this.#connecting.add(socket);
    return new Promise<Socket>((resolve, reject) => {
      const limit = this.#clock.after(connectLimitMs, () => {
        socket.destroy(Object.assign(new Error(`no connection to ${target.host}`), { code: 'ETIMEDOUT' }));
      });
      const settled = () => {
        limit.cancel();
        this.#connecting.delete(socket);
      };
      socket.once('error', (error) => {
        settled();
        reject(error);
      });
      socket.connect({ host: address, port: target.port, autoSelectFamily: false }, () => {
        settled();
        const roundTripMs = this.#tuning?.roundTripMs(socket) ?? usualRoundTripMs;
        this.#roundTripMs = Math.min(this.#roundTripMs ?? roundTripMs, roundTripMs);
        if (this.#closed) return void socket.destroy(new Error('closed'));
        socket.setNoDelay(true);
        resolve(socket);
      });
      if (this.#closed) socket.destroy(new Error('closed'));
    });
  }

  #join(paced: PacedSocket, top: Duplex, isExact: boolean): Duplex {
    const socket = top as Live['top'];
    const live: Live = { paced, top: socket, isExact, silenceMs: 0 };
    const setTimeout = socket.setTimeout.bind(socket) as (ms: number, listener?: () => void) => unknown;
    Object.assign(socket, {
      setTimeout: (ms: number, listener?: () => void) => {
        live.silenceMs = ms;
        setTimeout(this.#isPaused ? 0 : ms, listener);
        return socket;
      },
    });
    this.#live.set(top, live);
    this.#wire.roundTrips?.add(paced.raw);
    top.once('close', () => {
      this.#live.delete(top);
      paced.destroy();
      if (!this.#closed) this.#retune();
    });
    this.#retune();
    return top;
  }

  get #isPaused(): boolean {
    return this.#wire.upload.isPaused || this.#wire.download.isPaused;
  }

  /** For each connection, with `more` to come; undefined where the kernel shall choose. */
  #windowBytes(more: number): number | undefined {
    const rate = this.#wire.download.bytesPerSecond;
    if (rate === undefined) return undefined;
    const roundTripMs = this.#roundTripMs ?? (rate < wideRate ? 0 : usualRoundTripMs);
    const allBytes = (rate * (windowMs + roundTrips * roundTripMs)) / 1000;
    const { smallestWindowBytes = 0, largestWindowBytes = 0 } = this.#tuning ?? {};
    const bytes = Math.max(
      smallestWindowBytes,
      allBytes / Math.max(1, this.#live.size + this.#connecting.size + more),
    );
    return bytes > largestWindowBytes ? undefined : bytes;
  }

  #onChange(): void {
    // The timers begin anew after a pause; what the server thinks of the silence is its affair.
    // Not at every change of rate: those of a flow that yields come more often than silence lasts.
    if (this.#isPaused !== this.#wasPaused) {
      this.#wasPaused = this.#isPaused;
      for (const live of this.#live.values()) live.top.setTimeout(live.silenceMs);
    }
    this.#retune();
  }

  #retune(): void {
    for (const { paced } of this.#live.values()) this.#tune(paced);
  }

  #tune(paced: PacedSocket): void {
    const { upload, download } = this.#wire;
    const windowBytes = this.#windowBytes(0);
    // Never narrower under the same limit: what the peer sends into a window that it was given is
    // dropped then, and comes again only after a timeout.
    const isNarrower = (windowBytes ?? 0) < paced.windowBytes && paced.tunedFor === download.bytesPerSecond;
    if (windowBytes !== undefined && !isNarrower) this.#tuning?.setWindow(paced.raw, windowBytes);
    if (!isNarrower) paced.windowBytes = windowBytes ?? kernelWindowBytes;
    paced.tunedFor = download.bytesPerSecond;
    const up = upload.bytesPerSecond;
    if (up === undefined) return;
    const wanted = Math.max(smallestSendBufferBytes, (up * sendBufferMs) / 1000);
    if (wanted <= largestSendBufferBytes) this.#tuning?.setSendBuffer(paced.raw, wanted);
  }
}

/** A small one begins smaller still: how many connections there will be shows only now. */
function firstWindow(windowBytes: number): number {
  return windowBytes < kernelWindowBytes ? Math.min(windowBytes, beginningWindowBytes) : windowBytes;
}

function targetOf(options: http.ClientRequestArgs): Target {
  return { host: options.host ?? options.hostname ?? 'localhost', port: Number(options.port ?? 0) };
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}
