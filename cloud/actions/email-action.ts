/**
 * Sends an e-mail for an event, over SMTP. The Message-Id follows from the run's id, so that a message
 * sent twice, because the first answer was lost, is recognised by the reader's mail program.
 * Invariant: what an attribute holds can fill a header but never add one, nor add a recipient.
 */
import { createTransport, type Transporter } from 'nodemailer';
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';
import type { Action, ActionOutcome, Invocation } from './action.js';
import { addressInvalid, mailDelayed, mailRefused } from './errors.js';
import type { EmailFunctionConfig, SmtpConfig } from './function-config.js';
import { readSecretFile } from './secret-file.js';
import { fillTemplate, type TemplateEvent, timeOf } from './template.js';

export interface Address {
  readonly name: string;
  readonly address: string;
}

const connectLimitMs = 10_000;
const answerLimitMs = 20_000;

export class EmailAction implements Action {
  readonly concurrency: number;
  readonly retryDelaysMs: readonly number[] | undefined;
  readonly #config: EmailFunctionConfig;
  readonly #from: Address;
  readonly #transport: Transporter;

  private constructor(config: EmailFunctionConfig, from: Address, transport: Transporter) {
    this.concurrency = config.concurrency;
    this.retryDelaysMs = config.retryDelaysMs;
    this.#config = config;
    this.#from = from;
    this.#transport = transport;
  }

  /** @throws CONFIG_UNREADABLE when the password file cannot be read, ADDRESS_INVALID for a bad `from`. */
  static async open(config: EmailFunctionConfig, smtp: SmtpConfig): Promise<EmailAction> {
    const from = parseAddress(smtp.from);
    const password =
      smtp.passwordFile === undefined
        ? undefined
        : await readSecretFile(smtp.passwordFile, 'smtp.passwordFile');
    const transport = createTransport({
      host: smtp.host,
      port: smtp.port,
      secure: smtp.secure,
      requireTLS: smtp.requireTls ?? (smtp.user !== undefined && !smtp.secure),
      connectionTimeout: connectLimitMs,
      greetingTimeout: connectLimitMs,
      socketTimeout: answerLimitMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(smtp.user !== undefined && password && { auth: { user: smtp.user, pass: password.reveal() } }),
    });
    return new EmailAction(config, from, transport);
  }

  async invoke(invocation: Invocation): Promise<ActionOutcome> {
    try {
      const event = JSON.parse(invocation.event) as TemplateEvent;
      return { ok: true, log: await this.#send(event, invocation) };
    } catch (error) {
      const known = error instanceof GatehouseError ? error : mailError(error);
      return { ok: false, log: `${known.message}\n`, error: known };
    }
  }

  async close(): Promise<void> {
    this.#transport.close();
  }

  async #send(event: TemplateEvent, { runId, attempt }: Invocation): Promise<string> {
    const to = this.#config.to.split(',').map((part) => parseAddress(fillTemplate(part, event)));
    const messageId = `<${runId}@${this.#from.address.split('@')[1] ?? 'gatehouse'}>`;
    const sent = await this.#transport.sendMail({
      from: this.#from,
      to,
      subject: oneLine(fillTemplate(this.#config.subject, event)),
      text: fillTemplate(this.#config.text, event),
      messageId,
      ...dateOf(event),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Gatehouse-Attempt': String(attempt) },
    });
    const refused = (sent.rejected as unknown[]).map(String);
    if (refused.length > 0) throw mailRefused(`no delivery to ${refused.join(', ')}`, undefined);
    return `Sent to ${to.map((one) => one.address).join(', ')} as ${messageId}: ${String(sent.response)}\n`;
  }
}

/** The message carries the time of its cause; nodemailer takes the present where that is not known. */
function dateOf(event: TemplateEvent): { date?: Date } {
  const ms = Date.parse(String(timeOf(event)));
  return Number.isNaN(ms) ? {} : { date: new Date(ms) };
}

/** `door@example.org` or `Door <door@example.org>`. @throws ADDRESS_INVALID */
export function parseAddress(text: string): Address {
  const plain = oneLine(text);
  const match = /^(?:"?([^"<>,;]*?)"?\s*<([^<>]+)>|([^<>]+))$/.exec(plain);
  const address = (match?.[2] ?? match?.[3] ?? '').trim();
  if (plain !== text.trim() || !/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(address)) {
    throw addressInvalid(plain);
  }
  return { name: match?.[1]?.trim() ?? '', address };
}

/** Line breaks and other control characters would end a header. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

const passing = new Set([
  'ECONNECTION',
  'ETIMEDOUT',
  'ESOCKET',
  'EDNS',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
]);

/** 4xx replies (RFC 5321, 4.2.1) and a broken connection pass; all else stays until somebody mends it. */
function mailError(error: unknown): GatehouseError {
  const reply = error instanceof Error && 'responseCode' in error ? Number(error.responseCode) : undefined;
  const code = systemCode(error) ?? '';
  const reason = oneLine(messageOf(error));
  const later = reply === undefined || Number.isNaN(reply) ? passing.has(code) : reply >= 400 && reply < 500;
  return later ? mailDelayed(reason, error) : mailRefused(reason, error);
}
