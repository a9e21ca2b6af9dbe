/**
 * A connection whose every byte, headers and TLS included, waits its turn right before the kernel
 * gets it and right before the kernel is asked for more. Above it is HTTP or TLS, below it a TCP
 * socket (or, for a connection begun without a limit, a TLS socket over one).
 *
 * What the peer may send is what it has a window for; so a request first takes a turn for a whole
 * window, and the answer's first read one for what then comes (the deposit), which go back when the
 * answer is complete.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../core/clock.js';
import type { RateLimiter } from './rate-limiter.js';
import type { RateMeter } from './rate-meter.js';
import type { RoundTrips } from './round-trips.js';

/** What all connections of one process share. */
export interface Wire {
  readonly upload: RateLimiter;
  readonly download: RateLimiter;
  readonly sent: RateMeter;
  readonly received: RateMeter;
  readonly clock: Clock;
  /** Told of every connection. */
  readonly roundTrips?: RoundTrips | undefined;
  /** For connections in place of this: limiters below these, which may yield as folders need not. */
  readonly line?: Wire | undefined;
}

const largestDepositBytes = 256 * 1024;
/** For so long the next request on the connection may take over the deposit. */
const depositKeptMs = 250;

export interface PacedSocketParts {
  readonly wire: Wire;
  /** What is read and written. */
  readonly inner: Socket;
  /** The TCP socket itself, which counts what goes over the wire. */
  readonly raw: Socket;
}

export class PacedSocket extends Duplex {
  readonly raw: Socket;
  /** What the peer may send before we read; set by whoever sets it in the kernel too. */
  windowBytes = 0;
  /** The download limit for which it was set. */
  tunedFor: number | undefined;
  readonly #wire: Wire;
  readonly #inner: Socket;
  readonly #stop = new AbortController();
  #depositBytes = 0;
  #depositTimer: Timer | undefined;
  #isCharging = false;
  #wantsMore = false;
  #sentBefore = 0;
  #receivedBefore = 0;

  constructor(parts: PacedSocketParts) {
    super({ allowHalfOpen: false });
    this.raw = parts.raw;
    this.#wire = parts.wire;
    this.#inner = parts.inner;
  }

  /** Takes over the inner socket, which is connected by now; bytes arrive through `receive`. */
  begin(): this {
    const inner = this.#inner;
    inner.on('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    inner.on('close', () => this.destroy());
    inner.on('timeout', () => this.emit('timeout'));
    this.#countSent();
    return this;
  }

  /** Bytes from the inner socket. @returns false when it shall stop reading until `resume`. */
  receive(chunk: Uint8Array): boolean {
    const { download } = this.#wire;
    this.#countReceived();
    if (download.isOpen) return this.push(chunk);
    // Before the push, which may ask for more at once.
    this.#isCharging = true;
    this.#wantsMore = this.push(chunk);
    download.take(chunk.length, this.#stop.signal).then(
      () => this.#charged(),
      () => {},
    );
    return false;
  }

  #charged(): void {
    this.#isCharging = false;
    if (this.#wantsMore) this.#inner.resume();
  }

  /** The request is over: turns that the answer did not need go back, unless another follows. */
  rest(): void {
    this.#depositTimer?.cancel();
    this.#depositTimer = this.#wire.clock.after(depositKeptMs, () => this.#giveBack(), { background: true });
  }

  #giveBack(): void {
    this.#depositTimer?.cancel();
    if (this.#depositBytes > 0) this.#wire.download.refund(this.#depositBytes);
    this.#depositBytes = 0;
  }

  override _read(): void {
    this.#wantsMore = true;
    if (!this.#isCharging) this.#inner.resume();
  }

  override _write(chunk: Uint8Array, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#send([chunk]).then(() => callback(), callback);
  }

  override _writev(items: { chunk: Uint8Array }[], callback: (error?: Error | null) => void): void {
    this.#send(items.map(({ chunk }) => chunk)).then(() => callback(), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#inner.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stop.abort();
    this.#giveBack();
    this.#countSent();
    this.#inner.destroy();
    callback(error);
  }

  // What HTTP and TLS ask of a socket besides being a stream.

  setTimeout(ms: number, listener?: () => void): this {
    if (listener !== undefined) this.once('timeout', listener);
    this.#inner.setTimeout(ms);
    return this;
  }

  setNoDelay(on?: boolean): this {
    this.#inner.setNoDelay(on);
    return this;
  }

  setKeepAlive(on?: boolean, ms?: number): this {
    this.#inner.setKeepAlive(on, ms);
    return this;
  }

  ref(): this {
    this.#inner.ref();
    return this;
  }

  unref(): this {
    this.#inner.unref();
    return this;
  }

  async #send(chunks: readonly Uint8Array[]): Promise<void> {
    const { upload } = this.#wire;
    await this.#deposit();
    if (upload.isOpen) return this.#sendAtOnce(chunks);
    const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    for (let offset = 0; offset < bytes.length; ) {
      const grain = bytes.subarray(offset, offset + upload.grainBytes);
      await upload.take(grain.length, this.#stop.signal);
      await new Promise<void>((resolve, reject) => {
        this.#inner.write(grain, (error) => (error ? reject(error) : resolve()));
      });
      // Where TLS is below us its overhead shows only now.
      const overhead = this.#countSent() - grain.length;
      if (overhead > 0) upload.refund(-overhead);
      offset += grain.length;
    }
  }

  async #sendAtOnce(chunks: readonly Uint8Array[]): Promise<void> {
    const last = chunks.at(-1);
    if (last === undefined) return;
    this.#inner.cork();
    for (const chunk of chunks.slice(0, -1)) this.#inner.write(chunk);
    const written = new Promise<void>((resolve, reject) => {
      this.#inner.write(last, (error) => (error ? reject(error) : resolve()));
    });
    this.#inner.uncork();
    await written;
    this.#countSent();
  }

  async #deposit(): Promise<void> {
    const { download } = this.#wire;
    this.#depositTimer?.cancel();
    if (this.#depositBytes > 0 || download.isOpen) return;
    // Only whole windows are read: with a first read of less, more would come than its turn was for.
    this.#isCharging = true;
    this.#inner.pause();
    const windowBytes = Math.min(this.windowBytes, largestDepositBytes);
    await this.#takeAhead(windowBytes);
    this.#takeAhead(windowBytes).then(
      () => this.#charged(),
      () => {},
    );
  }

  /** Resolves when the time of the turn is over, not when it comes. */
  async #takeAhead(sizeBytes: number): Promise<void> {
    const { download } = this.#wire;
    const { signal } = this.#stop;
    const taken = download.take(sizeBytes, signal).then(() => {
      this.#depositBytes += sizeBytes;
    });
    await Promise.all([taken, download.take(0, signal)]);
  }

  /** @returns what the kernel took since the last time. */
  #countSent(): number {
    const sent = this.raw.bytesWritten;
    const more = Math.max(0, sent - this.#sentBefore);
    this.#sentBefore += more;
    this.#wire.sent.add(more);
    return more;
  }

  #countReceived(): void {
    const received = this.raw.bytesRead;
    const more = Math.max(0, received - this.#receivedBefore);
    this.#receivedBefore += more;
    this.#wire.received.add(more);
  }
}
