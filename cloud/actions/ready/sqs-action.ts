/** Sends a message to a queue of Amazon SQS, named by its ARN or its URL. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../../core/clock.js';
import type { AwsClients } from '../../aws/aws-clients.js';
import { awsError } from '../../aws/errors.js';
import { queueRegion, queueUrlOf } from '../../aws/queue.js';
import type { Action } from '../action.js';
import type { SqsFunctionConfig } from '../function-config.js';
import { fillTemplate } from '../template.js';
import { ReadyMadeAction } from './ready-made.js';

export function sqsAction(config: SqsFunctionConfig, aws: AwsClients, clock: Clock): Action {
  const { queue } = config;
  let url: Promise<string> | undefined;
  const known = async (client: SQSClient, signal: AbortSignal): Promise<string> => {
    url ??= queueUrlOf(client, queue, signal);
    try {
      return await url;
    } catch (error) {
      url = undefined;
      throw error;
    }
  };
  return new ReadyMadeAction(config, clock, async (event, { runId, event: json }, signal) => {
    const body = config.body === undefined ? json : fillTemplate(config.body, event);
    try {
      const client = await aws.sqs(queueRegion(queue));
      const { SendMessageCommand } = await import('@aws-sdk/client-sqs');
      const command = new SendMessageCommand({
        QueueUrl: await known(client, signal),
        MessageBody: body,
        ...(queue.endsWith('.fifo') && { MessageGroupId: config.groupId, MessageDeduplicationId: runId }),
      });
      const { MessageId } = await client.send(command, { abortSignal: signal });
      return { log: `Sent as ${MessageId ?? 'a message without id'} to ${queue}.\n` };
    } catch (error) {
      throw awsError(`Sending to ${queue}`, error);
    }
  });
}
