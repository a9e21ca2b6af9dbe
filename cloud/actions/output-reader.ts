/**
 * Reads one output of a handler's process and takes the end mark out of it, so that a run's log
 * holds all that was written before the run ended and nothing of ours.
 */
import type { Readable } from 'node:stream';

export class OutputReader {
  readonly #take: (chunk: Buffer) => void;
  #mark: Buffer | undefined;
  #found: (() => void) | undefined;
  /** What may be the beginning of the mark: held back until more has come. */
  #held: Buffer = Buffer.alloc(0);

  /** Resolves when the output is closed on the other side. */
  readonly ended: Promise<void>;

  private constructor(ended: Promise<void>, take: (chunk: Buffer) => void) {
    this.ended = ended;
    this.#take = take;
  }

  static on(stream: Readable, take: (chunk: Buffer) => void): OutputReader {
    const ended = new Promise<void>((resolve) => stream.once('close', resolve));
    const reader = new OutputReader(ended, take);
    stream.on('data', (chunk: Buffer) => reader.#onData(chunk));
    stream.on('error', () => reader.#stop());
    stream.on('close', () => reader.#stop());
    return reader;
  }

  /** Resolves when `mark` was read, or when the output ended. */
  until(mark: string): Promise<void> {
    this.#mark = Buffer.from(mark, 'utf8');
    return new Promise((resolve) => {
      this.#found = resolve;
    });
  }

  #stop(): void {
    if (this.#held.length > 0) this.#take(this.#held);
    this.#held = Buffer.alloc(0);
    this.#mark = undefined;
    this.#found?.();
    this.#found = undefined;
  }

  #onData(chunk: Buffer): void {
    if (this.#mark === undefined) {
      this.#take(chunk);
      return;
    }
    const data = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    const at = data.indexOf(this.#mark);
    if (at < 0) {
      const keep = beginningAtEnd(data, this.#mark);
      this.#take(data.subarray(0, data.length - keep));
      this.#held = Buffer.from(data.subarray(data.length - keep));
      return;
    }
    this.#held = data.subarray(0, at);
    const rest = data.subarray(at + this.#mark.length);
    this.#stop();
    if (rest.length > 0) this.#take(rest);
  }
}

/** How many bytes at the end of `data` may be the beginning of `mark`. */
function beginningAtEnd(data: Buffer, mark: Buffer): number {
  for (let length = Math.min(data.length, mark.length - 1); length > 0; length--) {
    if (data.subarray(data.length - length).equals(mark.subarray(0, length))) return length;
  }
  return 0;
}
