/** Collects what one run writes, up to a limit in bytes; what comes after is counted, not kept. */

const limitBytes = 64 * 1024;

export class RunLog {
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #droppedBytes = 0;

  add(chunk: Buffer | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    const taken = bytes.subarray(0, Math.max(0, limitBytes - this.#sizeBytes));
    if (taken.length > 0) this.#chunks.push(taken);
    this.#sizeBytes += taken.length;
    this.#droppedBytes += bytes.length - taken.length;
  }

  /** The text so far, with a last line that tells how much was left out. */
  toString(): string {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    if (this.#droppedBytes === 0) return text;
    return `${text}\n[${this.#droppedBytes} more bytes were not kept]\n`;
  }
}
