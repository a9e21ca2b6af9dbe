/** Sends a notice as an e-mail over SMTP. Its Message-Id follows from the notice, so that one sent twice is recognised. */
import { createTransport } from 'nodemailer';
import { messageOf } from '../../core/errors.js';
import { subjectOf, textOf } from './notice.js';
import type { NoticeChannel } from './notice-outbox.js';
import type { MailConfig } from './notify-config.js';
import { noticeRefused, readSecret } from './notify-secret.js';

const connectLimitMs = 10_000;
const answerLimitMs = 20_000;

export function mailChannel(config: MailConfig): NoticeChannel {
  return {
    name: 'mail',
    async send(notice) {
      const transport = await openTransport(config);
      try {
        await transport.sendMail({
          from: config.from,
          to: config.to,
          subject: subjectOf(notice),
          text: textOf(notice),
          messageId: `<${notice.id}@${config.from.split('@')[1] ?? 'gatehouse'}>`,
          date: new Date(notice.at),
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        throw noticeRefused(`${config.host}:${config.port}`, messageOf(error), error);
      } finally {
        transport.close();
      }
    },
  };
}

async function openTransport({ host, port, secure, requireTls, user, passwordFile }: MailConfig) {
  const password = passwordFile === undefined ? undefined : await readSecret(passwordFile);
  return createTransport({
    host,
    port,
    secure,
    requireTLS: requireTls ?? (user !== undefined && !secure),
    connectionTimeout: connectLimitMs,
    greetingTimeout: connectLimitMs,
    socketTimeout: answerLimitMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password.reveal() } }),
  });
}
