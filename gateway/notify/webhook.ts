/**
 * Posts a notice as JSON. With a secret, the header `X-Gatehouse-Signature: sha256=HEX` is the HMAC of
 * `TIMESTAMP.BODY`, TIMESTAMP being the seconds since 1970 in `X-Gatehouse-Timestamp`, so that a
 * receiver can refuse what is forged or old.
 */
import { createHmac } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { NoticeChannel } from './notice-outbox.js';
import type { WebhookConfig } from './notify-config.js';
import { noticeRefused, readSecret } from './notify-secret.js';

const answerLimitMs = 15_000;

export function webhookChannel(config: WebhookConfig, clock: Clock): NoticeChannel {
  return {
    name: 'webhook',
    async send(notice, signal) {
      const body = JSON.stringify(notice);
      const timestamp = String(Math.floor(clock.now() / 1000));
      const limit = new AbortController();
      const timer = clock.after(answerLimitMs, () => limit.abort(new Error('no answer in time')));
      try {
        const response = await fetch(config.url, {
          method: 'POST',
          redirect: 'error',
          headers: {
            'content-type': 'application/json',
            'user-agent': 'gatehouse',
            'x-gatehouse-notice': notice.id,
            'x-gatehouse-timestamp': timestamp,
            ...(await signatureOf(config, timestamp, body)),
          },
          body,
          signal: AbortSignal.any([signal, limit.signal]),
        });
        await response.body?.cancel();
        if (!response.ok) throw noticeRefused(config.url, `HTTP ${response.status}`);
      } finally {
        timer.cancel();
      }
    },
  };
}

/** The secret is read at every notice, so that it can be changed while the gateway runs. */
async function signatureOf({ secretFile }: WebhookConfig, timestamp: string, body: string) {
  if (secretFile === undefined) return {};
  const secret = await readSecret(secretFile);
  const digest = createHmac('sha256', secret.reveal()).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-gatehouse-signature': `sha256=${digest}` };
}
