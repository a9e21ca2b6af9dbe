/** Posts the event, or a text made from it, to an address; signed, so that the receiver can tell. */
import type { Clock } from '../../../core/clock.js';
import { webhookHeaders } from '../../../core/webhook-signature.js';
import type { Action } from '../action.js';
import type { WebhookFunctionConfig } from '../function-config.js';
import { readSecretFile } from '../secret-file.js';
import { fillTemplate } from '../template.js';
import { deliverOverHttp } from './http-delivery.js';
import { ReadyMadeAction } from './ready-made.js';

export function webhookAction(config: WebhookFunctionConfig, clock: Clock): Action {
  return new ReadyMadeAction(config, clock, async (event, { runId, attempt, event: json }, signal) => {
    const body = config.body === undefined ? json : fillTemplate(config.body, event);
    // Read at every run, so that it can be changed while the cloud runs.
    const secret =
      config.secretFile === undefined ? undefined : await readSecretFile(config.secretFile, 'secretFile');
    const answer = await deliverOverHttp({
      url: config.url,
      method: 'POST',
      headers: {
        'content-type': config.contentType,
        ...config.headers,
        'x-gatehouse-run': runId,
        'x-gatehouse-attempt': String(attempt),
        ...webhookHeaders(secret, clock.now(), body),
      },
      body,
      signal,
    });
    return { log: `${answer}\n` };
  });
}
