/**
 * Follows the frames of an MQTT byte stream and refuses one that announces too much (MQTT 3.1.1, 2.2.3),
 * before the parser would keep up to 256 MB of it in memory. Looks at lengths only.
 */
export class FrameGuard {
  readonly #limitBytes: number;
  /** Bytes of the current frame that are still to come after its header. */
  #bodyBytes = 0;
  #sawGoodbye = false;
  #inHeader = false;
  #length = 0;
  #shift = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** A DISCONNECT packet came by: the client leaves on purpose (MQTT 3.1.1, 3.14). */
  get sawGoodbye(): boolean {
    return this.#sawGoodbye;
  }

  /** False when a frame is longer than the limit or its length is malformed [MQTT-2.2.3]. */
  accept(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bodyBytes > 0) {
        const taken = Math.min(this.#bodyBytes, chunk.length - at);
        this.#bodyBytes -= taken;
        at += taken;
      } else if (!this.#acceptHeaderByte(chunk[at++] ?? 0)) {
        return false;
      }
    }
    return true;
  }

  #acceptHeaderByte(byte: number): boolean {
    if (!this.#inHeader) {
      this.#inHeader = true;
      this.#sawGoodbye ||= byte >> 4 === 14;
      this.#length = 0;
      this.#shift = 0;
      return true;
    }
    this.#length += (byte & 0x7f) * 2 ** this.#shift;
    this.#shift += 7;
    if (this.#length > this.#limitBytes) return false;
    if (byte & 0x80) return this.#shift < 28;
    this.#inHeader = false;
    this.#bodyBytes = this.#length;
    return true;
  }
}
