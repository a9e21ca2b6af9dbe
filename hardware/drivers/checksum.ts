/** Cyclic redundancy checks of eight bits, as sensors use them; the polynomial's highest bit is left out. */

/** Highest bit first. Sensirion: polynomial 0x31, from 0xff on. */
export function crc8(bytes: Iterable<number>, polynomial: number, start: number): number {
  let crc = start;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x80) === 0 ? crc << 1 : (crc << 1) ^ polynomial;
    crc &= 0xff;
  }
  return crc;
}

/** Lowest bit first. Maxim's one-wire chips: polynomial 0x8c (0x31 mirrored), from 0 on. */
export function crc8LowFirst(bytes: Iterable<number>, polynomial: number): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 0 ? crc >> 1 : (crc >> 1) ^ polynomial;
  }
  return crc;
}
