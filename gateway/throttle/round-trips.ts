/**
 * The round trips of all connections that share a pace, as the kernel measures them, and how far
 * each is above the smallest of its path. A path is a peer address: what lies beyond is not ours to
 * tell. Where the kernel cannot be asked, short connections of our own are timed instead.
 */
import { type Socket, connect as tcpConnect } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { loadSocketTuning, type SocketTuning } from './socket-tuning.js';
import { baseDelayMs, type DelayHistory, withDelay } from './yielding.js';

export interface PathDelay {
  readonly delayMs: number;
  readonly baseMs: number;
}

/** What happened on the connections since the last look. */
export interface Flow {
  /** Of the path with the longest queue; undefined when none carried data. */
  readonly path: PathDelay | undefined;
  readonly ackedBytes: number;
  /** Segments. */
  readonly resent: number;
}

interface Seen {
  ackedBytes: number;
  resent: number;
  /** Its best round trip, which may be older than the first look, is told once. */
  isNew: boolean;
}

/** More than this unsent in the kernel would go on when we have fallen back. */
const unsentBytes = 32 * 1024;
const probeLimitMs = 5_000;

export class RoundTrips {
  readonly #clock: Clock;
  readonly #parent: RoundTrips | undefined;
  readonly #connections = new Map<Socket, Seen>();
  readonly #paths = new Map<string, DelayHistory>();
  #tuning: SocketTuning | undefined;

  constructor(clock: Clock, parent?: RoundTrips) {
    this.#clock = clock;
    this.#parent = parent;
  }

  /** A connected TCP socket; forgotten when it closes. */
  add(socket: Socket): void {
    this.#parent?.add(socket);
    this.#connections.set(socket, { ackedBytes: 0, resent: 0, isNew: true });
    socket.once('close', () => this.#connections.delete(socket));
  }

  /** @returns whether `look` has anything to tell: else `probe`. */
  async begin(): Promise<boolean> {
    this.#tuning = await loadSocketTuning();
    return this.#tuning !== undefined;
  }

  look(): Flow {
    const longest = new Map<string, number>();
    let ackedBytes = 0;
    let resent = 0;
    for (const [socket, seen] of this.#connections) {
      const found = this.#tuning?.measure(socket);
      const { remoteAddress: address } = socket;
      if (found === undefined || address === undefined) continue;
      if (seen.isNew) {
        this.#tuning?.setUnsentLimit(socket, unsentBytes);
        this.#learn(address, found.bestRoundTripMs);
      }
      const acked = found.ackedBytes - seen.ackedBytes;
      if (!seen.isNew) resent += found.resent - seen.resent;
      if (acked > 0) {
        ackedBytes += acked;
        this.#learn(address, found.roundTripMs);
        // The shortest of several: one of them may have waited for a lazy receiver.
        longest.set(address, Math.min(longest.get(address) ?? found.roundTripMs, found.roundTripMs));
      }
      Object.assign(seen, { ackedBytes: found.ackedBytes, resent: found.resent, isNew: false });
    }
    return { path: this.#worst(longest), ackedBytes, resent };
  }

  /**
   * Times a connection to the peer of one that is open; one round trip, and what this process is
   * busy for. @returns undefined without a peer or an answer.
   */
  async probe(): Promise<PathDelay | undefined> {
    const [socket] = this.#connections.keys();
    const { remoteAddress: host, remotePort: port } = socket ?? {};
    if (host === undefined || port === undefined) return undefined;
    const delayMs = await this.#timeConnection(host, port);
    if (delayMs === undefined) return undefined;
    this.#learn(`probe ${host}`, delayMs);
    return { delayMs, baseMs: baseDelayMs(this.#paths.get(`probe ${host}`) ?? []) };
  }

  #timeConnection(host: string, port: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      const begunMs = this.#clock.monotonicMs();
      const socket = tcpConnect({ host, port });
      const limit = this.#clock.after(probeLimitMs, () => socket.destroy(), { background: true });
      let delayMs: number | undefined;
      socket.once('connect', () => {
        const passedMs = this.#clock.monotonicMs() - begunMs;
        delayMs = this.#tuning?.measure(socket)?.roundTripMs ?? passedMs;
        socket.destroy();
      });
      socket.once('error', () => {});
      socket.once('close', () => {
        limit.cancel();
        resolve(delayMs);
      });
    });
  }

  #learn(path: string, delayMs: number): void {
    this.#paths.set(path, withDelay(this.#paths.get(path) ?? [], delayMs, this.#clock.monotonicMs()));
  }

  #worst(delays: ReadonlyMap<string, number>): PathDelay | undefined {
    let worst: PathDelay | undefined;
    for (const [address, delayMs] of delays) {
      const baseMs = baseDelayMs(this.#paths.get(address) ?? []);
      if (worst === undefined || delayMs - baseMs > worst.delayMs - worst.baseMs) worst = { delayMs, baseMs };
    }
    return worst;
  }
}
