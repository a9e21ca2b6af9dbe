/** The registers of chips that have words of 16 bits, the high byte first; the pointer stays where it is. */
export function wordBytes(word: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index % 2 === 0 ? word >> 8 : word & 0xff));
}

export function wordOf(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
}
