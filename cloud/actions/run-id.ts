/**
 * The id of a run follows from its click and function: whoever computes it twice gets the same,
 * so that a click can never start a second run.
 */
import { createHash } from 'node:crypto';

/** A UUID of version 8 (RFC 9562, section 5.8), as Lambda handlers expect of `awsRequestId`. */
export function runIdOf(thing: string, clickId: string, functionName: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([thing, clickId, functionName]))
    .digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
