/** Keeps the end of what a command writes, so that a talkative one cannot fill memory or the history. */
const keptBytes = 64 * 1024;

export class OutputTail {
  #pieces: Buffer[] = [];
  #sizeBytes = 0;
  #isCut = false;

  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#sizeBytes += piece.length;
    while (this.#sizeBytes - (this.#pieces[0]?.length ?? 0) >= keptBytes) {
      this.#sizeBytes -= this.#pieces.shift()?.length ?? 0;
      this.#isCut = true;
    }
  }

  /** The last 64 KiB; says so when there was more. U+0000, which SQLite ends text at, is shown. */
  text(): string {
    const all = Buffer.concat(this.#pieces);
    const isCut = this.#isCut || all.length > keptBytes;
    const text = all.subarray(-keptBytes).toString('utf8').replaceAll('\0', '\u2400');
    return isCut ? `[the beginning is left out]\n${text}` : text;
  }
}
