/** Message ids: UUIDs of version 7 (RFC 9562, section 5.7): sortable by time, unique without a register. */
import { randomBytes } from 'node:crypto';

/** @param nowMs wall-clock time, milliseconds since the Unix epoch */
export function newMessageId(nowMs: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Math.max(0, Math.floor(nowMs)) % 2 ** 48, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
