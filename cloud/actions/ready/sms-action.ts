/**
 * Sends a text message: through Amazon SNS, or through any gateway that takes an HTTP request. In the
 * request's template every value is encoded for where it stands, so that what an attribute holds can
 * neither end a JSON string nor add a parameter.
 */
import type { Clock } from '../../../core/clock.js';
import type { AwsClients } from '../../aws/aws-clients.js';
import { awsError } from '../../aws/errors.js';
import type { Action } from '../action.js';
import { phoneNumberInvalid } from '../errors.js';
import type { SmsFunctionConfig } from '../function-config.js';
import { readSecretFile } from '../secret-file.js';
import { fillTemplate } from '../template.js';
import { deliverOverHttp } from './http-delivery.js';
import { ReadyMadeAction } from './ready-made.js';

/** E.164: a plus sign, the country, at most 15 digits in all. */
const phoneNumber = /^\+[1-9]\d{6,14}$/;

export function smsAction(config: SmsFunctionConfig, aws: AwsClients, clock: Clock): Action {
  return new ReadyMadeAction(config, clock, async (event, _invocation, signal) => {
    const to = fillTemplate(config.to, event).replace(/[\s()/-]+/g, '');
    if (!phoneNumber.test(to)) throw phoneNumberInvalid(to);
    const text = fillTemplate(config.text, event);
    const { gateway } = config;
    const answer = gateway
      ? await throughGateway(gateway, to, text, signal)
      : await throughSns(config, aws, to, text, signal);
    return { log: `Sent to ${to}: ${answer}\n` };
  });
}

async function throughSns(
  config: SmsFunctionConfig,
  aws: AwsClients,
  to: string,
  text: string,
  signal: AbortSignal,
): Promise<string> {
  try {
    const client = await aws.sns(config.region);
    const { PublishCommand } = await import('@aws-sdk/client-sns');
    const attributes = {
      'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' },
      ...(config.senderId !== undefined && {
        'AWS.SNS.SMS.SenderID': { DataType: 'String', StringValue: config.senderId },
      }),
    };
    const command = new PublishCommand({ PhoneNumber: to, Message: text, MessageAttributes: attributes });
    const { MessageId } = await client.send(command, { abortSignal: signal });
    return `SNS message ${MessageId ?? 'without id'}`;
  } catch (error) {
    throw awsError(`An SMS to ${to}`, error);
  }
}

type Gateway = NonNullable<SmsFunctionConfig['gateway']>;

async function throughGateway(
  gateway: Gateway,
  to: string,
  text: string,
  signal: AbortSignal,
): Promise<string> {
  const token =
    gateway.tokenFile === undefined
      ? undefined
      : await readSecretFile(gateway.tokenFile, 'gateway.tokenFile');
  const values = { to, text, token: token?.reveal() ?? '' };
  const isJson = gateway.contentType.includes('json');
  return deliverOverHttp({
    url: filled(gateway.url, values, encodeURIComponent),
    method: gateway.method,
    headers: {
      ...(gateway.body !== undefined && { 'content-type': gateway.contentType }),
      ...mapped(gateway.headers, (value) => filled(value, values, (part) => part)),
    },
    body: gateway.body && filled(gateway.body, values, isJson ? inJson : encodeURIComponent),
    signal,
  });
}

function filled(template: string, values: Record<string, string>, encode: (value: string) => string): string {
  return template.replace(/\{\{\s*(to|text|token)\s*\}\}/g, (_whole, name: string) =>
    encode(values[name] ?? ''),
  );
}

function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function mapped(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
