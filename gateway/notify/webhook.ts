/** Posts a notice as JSON, signed as `core/webhook-signature.ts` tells. */
import type { Clock } from '../../core/clock.js';
import { webhookHeaders } from '../../core/webhook-signature.js';
import type { NoticeChannel } from './notice-outbox.js';
import type { WebhookConfig } from './notify-config.js';
import { noticeRefused, readSecret } from './notify-secret.js';

const answerLimitMs = 15_000;

export function webhookChannel(config: WebhookConfig, clock: Clock): NoticeChannel {
  return {
    name: 'webhook',
    async send(notice, signal) {
      const body = JSON.stringify(notice);
      // Read at every notice, so that it can be changed while the gateway runs.
      const secret = config.secretFile === undefined ? undefined : await readSecret(config.secretFile);
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
            ...webhookHeaders(secret, clock.now(), body),
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
