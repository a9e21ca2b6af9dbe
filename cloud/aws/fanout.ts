/**
 * Subscribes a queue to a topic in one call: the queue's policy lets the topic send, the subscription
 * says whether messages come bare. Doing it again changes nothing; statements of others stay.
 */
import { createHash } from 'node:crypto';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { FanoutRequest, FanoutView } from '../../core/wire/actions.js';
import { regionOf } from '../actions/arn.js';
import type { AwsClients } from './aws-clients.js';
import { arnInvalid, awsError, policyUnreadable } from './errors.js';
import { queueRegion, queueUrlOf } from './queue.js';

const topicArn = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/;

interface Statement {
  readonly Sid?: string;
  readonly [member: string]: unknown;
}

interface Policy {
  readonly Version?: string;
  readonly Statement?: Statement | readonly Statement[];
  readonly [member: string]: unknown;
}

/** @throws ARN_INVALID, POLICY_UNREADABLE, AWS_REFUSED, AWS_DELAYED, AWS_UNCONFIGURED */
export async function subscribeQueue(aws: AwsClients, request: FanoutRequest): Promise<FanoutView> {
  const { topic, queue, raw, dryRun } = request;
  if (!topicArn.test(topic)) throw arnInvalid(topic, 'an SNS topic');
  try {
    // A queue named by a URL that is not of AWS is where the topic is.
    const sqs = await aws.sqs(queueRegion(queue) ?? regionOf(topic));
    const { url, arn, policy } = await queueFacts(sqs, queue);
    const wanted = withStatement(policy, statementFor(topic, arn));
    const common = { topic, queueArn: arn, queueUrl: url, policyChanged: wanted !== undefined, raw };
    if (dryRun) return { ...common, subscriptionArn: null };
    if (wanted !== undefined) await setPolicy(sqs, url, wanted);
    const sns = await aws.sns(regionOf(topic));
    return { ...common, subscriptionArn: await subscribe(sns, topic, arn, raw) };
  } catch (error) {
    throw awsError(`Subscribing ${queue} to ${topic}`, error);
  }
}

/** Lets that one topic send to that one queue. The Sid follows from both, so that it is found again. */
export function statementFor(topic: string, queue: string): Statement {
  const digest = createHash('sha256').update(`${topic}\n${queue}`).digest('hex').slice(0, 16);
  return {
    Sid: `GatehouseFanout${digest}`,
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queue,
    Condition: { ArnEquals: { 'aws:SourceArn': topic } },
  };
}

/** The policy with the statement in it; undefined when it holds the very same one. @throws POLICY_UNREADABLE */
export function withStatement(policyJson: string | undefined, statement: Statement): string | undefined {
  const policy = policyJson === undefined || policyJson === '' ? {} : parsed(policyJson);
  const before = [policy.Statement ?? []].flat() as Statement[];
  const same = before.find((one) => one.Sid === statement.Sid);
  if (same !== undefined && canonical(same) === canonical(statement)) return undefined;
  const others = before.filter((one) => one !== same);
  return JSON.stringify({ Version: '2012-10-17', ...policy, Statement: [...others, statement] });
}

function parsed(policyJson: string): Policy {
  try {
    const value: unknown = JSON.parse(policyJson);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Policy;
  } catch {
    // Falls through: what cannot be read must not be written over.
  }
  throw policyUnreadable();
}

/** AWS gives a policy back with its members in another order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`;
}

async function queueFacts(sqs: SQSClient, queue: string) {
  const { GetQueueAttributesCommand } = await import('@aws-sdk/client-sqs');
  const url = await queueUrlOf(sqs, queue);
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn', 'Policy'] });
  const { Attributes } = await sqs.send(command);
  const arn = Attributes?.['QueueArn'];
  if (arn === undefined) throw arnInvalid(queue, 'an SQS queue');
  return { url, arn, policy: Attributes?.['Policy'] };
}

async function setPolicy(sqs: SQSClient, url: string, policy: string): Promise<void> {
  const { SetQueueAttributesCommand } = await import('@aws-sdk/client-sqs');
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy: policy } }));
}

/** Where the subscription is there already with the other kind of delivery, that is changed. */
async function subscribe(sns: SNSClient, topic: string, queue: string, raw: boolean): Promise<string> {
  const { SubscribeCommand, SetSubscriptionAttributesCommand } = await import('@aws-sdk/client-sns');
  const base = { TopicArn: topic, Protocol: 'sqs', Endpoint: queue, ReturnSubscriptionArn: true };
  const delivery = String(raw);
  try {
    const command = new SubscribeCommand({ ...base, Attributes: { RawMessageDelivery: delivery } });
    return (await sns.send(command)).SubscriptionArn ?? '';
  } catch (error) {
    const { name, message } = error as Error;
    if (!/^InvalidParameter/.test(name) || !/already exists/i.test(message)) throw error;
  }
  const { SubscriptionArn = '' } = await sns.send(new SubscribeCommand(base));
  await sns.send(
    new SetSubscriptionAttributesCommand({
      SubscriptionArn,
      AttributeName: 'RawMessageDelivery',
      AttributeValue: delivery,
    }),
  );
  return SubscriptionArn;
}
