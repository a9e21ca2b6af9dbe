/** What a queue is called: by ARN or by URL. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import { arnInvalid } from './errors.js';

const queueArn = /^arn:aws[a-z-]*:sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)$/;

/** The region in an ARN or in a URL of AWS itself; undefined where none is named. */
export function queueRegion(queue: string): string | undefined {
  return queueArn.exec(queue)?.[1] ?? /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(queue)?.[1];
}

/** Asks for the URL where the ARN was given. @throws ARN_INVALID, and what the SDK throws. */
export async function queueUrlOf(client: SQSClient, queue: string, signal?: AbortSignal): Promise<string> {
  if (/^https?:\/\//.test(queue)) return queue;
  const [, , account, name] = queueArn.exec(queue) ?? [];
  if (account === undefined || name === undefined) throw arnInvalid(queue, 'an SQS queue');
  const { GetQueueUrlCommand } = await import('@aws-sdk/client-sqs');
  const command = new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account });
  const { QueueUrl } = await client.send(command, signal === undefined ? {} : { abortSignal: signal });
  if (QueueUrl === undefined) throw arnInvalid(queue, 'an SQS queue');
  return QueueUrl;
}
