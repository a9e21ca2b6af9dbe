/** Publishes on a topic of Amazon SNS. On a FIFO topic the run's id keeps a repeated message from counting twice. */
import type { Clock } from '../../../core/clock.js';
import type { AwsClients } from '../../aws/aws-clients.js';
import { awsError } from '../../aws/errors.js';
import type { Action } from '../action.js';
import { regionOf } from '../arn.js';
import type { SnsFunctionConfig } from '../function-config.js';
import { fillTemplate } from '../template.js';
import { ReadyMadeAction } from './ready-made.js';

export function snsAction(config: SnsFunctionConfig, aws: AwsClients, clock: Clock): Action {
  const { topicArn } = config;
  return new ReadyMadeAction(config, clock, async (event, { runId, event: json }, signal) => {
    const message = config.message === undefined ? json : fillTemplate(config.message, event);
    const subject = config.subject === undefined ? undefined : subjectOf(fillTemplate(config.subject, event));
    try {
      const client = await aws.sns(regionOf(topicArn));
      const { PublishCommand } = await import('@aws-sdk/client-sns');
      const command = new PublishCommand({
        TopicArn: topicArn,
        Message: message,
        ...(subject !== undefined && { Subject: subject }),
        ...(topicArn.endsWith('.fifo') && {
          MessageGroupId: config.groupId,
          MessageDeduplicationId: runId,
        }),
      });
      const { MessageId } = await client.send(command, { abortSignal: signal });
      return { log: `Published as ${MessageId ?? 'a message without id'} on ${topicArn}.\n` };
    } catch (error) {
      throw awsError(`Publishing on ${topicArn}`, error);
    }
  });
}

/** SNS takes less than 100 characters of printable ASCII. */
function subjectOf(text: string): string {
  return text
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 99);
}
