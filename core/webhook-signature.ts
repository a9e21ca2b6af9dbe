/** How a webhook proves where it comes from and when it was made; the same for every program of ours. */
import { createHmac } from 'node:crypto';
import type { Secret } from './secret.js';

/**
 * The headers of a signed request: `X-Gatehouse-Signature: sha256=HEX` is the HMAC of
 * `TIMESTAMP.BODY`, TIMESTAMP being the seconds since 1970 in `X-Gatehouse-Timestamp`, so that a
 * receiver can refuse what is forged or old. Without a secret only the time is told.
 */
export function webhookHeaders(
  secret: Secret | undefined,
  nowMs: number,
  body: string,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  if (secret === undefined) return { 'x-gatehouse-timestamp': timestamp };
  const digest = createHmac('sha256', secret.reveal()).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-gatehouse-timestamp': timestamp, 'x-gatehouse-signature': `sha256=${digest}` };
}
