/** Whom the gateway tells about failures, and how. */
import { z } from 'zod';
import { absolutePath, duration, httpUrl } from '../config-values.js';

const mailConfig = z.strictObject({
  host: z.string().min(1).describe('SMTP server.'),
  port: z.int().min(1).max(65_535).default(587).describe('Its port.'),
  secure: z.boolean().default(false).describe('TLS from the first byte, as on port 465.'),
  requireTls: z
    .boolean()
    .optional()
    .describe('Refuse to send without STARTTLS; true unless told when there is a `user`.'),
  user: z.string().min(1).optional().describe('User name for the server.'),
  passwordFile: absolutePath.optional().describe('File with the password of `user`.'),
  from: z.email().describe('Sender.'),
  to: z.array(z.email()).min(1).max(50).describe('Recipients.'),
});
export type MailConfig = z.output<typeof mailConfig>;

const webhookConfig = z.strictObject({
  url: httpUrl.describe('Gets a POST with JSON for each notice.'),
  secretFile: absolutePath
    .optional()
    .describe(
      'File with the key of the `X-Gatehouse-Signature` header: `sha256=` and the HMAC of timestamp, full stop and body.',
    ),
});
export type WebhookConfig = z.output<typeof webhookConfig>;

export const notifyConfig = z.strictObject({
  mail: mailConfig.optional().describe('By e-mail.'),
  webhook: webhookConfig.optional().describe('By webhook.'),
  reminderEvery: duration
    .default('1d')
    .describe('The first failure is told at once, further ones at most so often, then the recovery.'),
});
