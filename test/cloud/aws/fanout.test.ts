import { expect, test } from 'vitest';
import { AwsClients } from '../../../cloud/aws/aws-clients.js';
import { statementFor, subscribeQueue, withStatement } from '../../../cloud/aws/fanout.js';
import { type AwsAnswer, type AwsRequest, openStubAws } from '../../support/stub-aws.js';

const topic = 'arn:aws:sns:eu-west-1:123456789012:presses';
const queueArn = 'arn:aws:sqs:eu-west-1:123456789012:inbox';
const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/123456789012/inbox';
const subscriptionArn = `${topic}:7c0e`;

const subscribed: AwsAnswer = {
  body: `<SubscribeResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><SubscribeResult><SubscriptionArn>${subscriptionArn}</SubscriptionArn></SubscribeResult></SubscribeResponse>`,
};

/** A queue whose policy stays as it was set last, and a topic that minds the kind of delivery. */
async function openFanout(firstPolicy: string | undefined, existingRaw?: string) {
  let policy = firstPolicy;
  const stub = await openStubAws((request: AwsRequest): AwsAnswer => {
    const { action, fields } = request;
    if (action === 'GetQueueUrl') return { body: JSON.stringify({ QueueUrl: queueUrl }) };
    if (action === 'GetQueueAttributes') {
      return {
        body: JSON.stringify({ Attributes: { QueueArn: queueArn, ...(policy && { Policy: policy }) } }),
      };
    }
    if (action === 'SetQueueAttributes') {
      policy = (fields['Attributes'] as { Policy: string }).Policy;
      return { body: '{}' };
    }
    const asked = fields['Attributes.entry.1.value'];
    if (action === 'Subscribe' && asked !== undefined && existingRaw !== undefined && asked !== existingRaw) {
      return {
        status: 400,
        body: '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter: Attributes Reason: Subscription already exists with different attributes</Message></Error></ErrorResponse>',
      };
    }
    if (action === 'Subscribe') return subscribed;
    return { body: '<SetSubscriptionAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"/>' };
  });
  const aws = new AwsClients({ endpoint: stub.url });
  return { stub, aws, policy: () => policy, actions: () => stub.requests.map(({ action }) => action) };
}

const request = { topic, queue: queueArn, raw: true, dryRun: false };

test('one call lets the topic send and subscribes the queue; again, it leaves the policy alone', async () => {
  const others = {
    Sid: 'Owner',
    Effect: 'Allow',
    Principal: { AWS: '*' },
    Action: 'sqs:*',
    Resource: queueArn,
  };
  const { stub, aws, policy, actions } = await openFanout(
    JSON.stringify({ Version: '2008-10-17', Id: 'mine', Statement: others }),
  );
  const view = await subscribeQueue(aws, request);
  expect(view).toEqual({ topic, queueArn, queueUrl, policyChanged: true, raw: true, subscriptionArn });
  expect(JSON.parse(policy() ?? '')).toEqual({
    Version: '2008-10-17',
    Id: 'mine',
    Statement: [others, statementFor(topic, queueArn)],
  });
  expect(stub.requests.map(({ service, region, action }) => [service, region, action])).toEqual([
    ['sqs', 'eu-west-1', 'GetQueueUrl'],
    ['sqs', 'eu-west-1', 'GetQueueAttributes'],
    ['sqs', 'eu-west-1', 'SetQueueAttributes'],
    ['sns', 'eu-west-1', 'Subscribe'],
  ]);
  // SQS speaks JSON, SNS speaks Query; both as the stock clients write it.
  expect(stub.requests[1]?.headers).toMatchObject({
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'AmazonSQS.GetQueueAttributes',
  });
  expect(stub.requests[3]?.fields).toMatchObject({
    Version: '2010-03-31',
    TopicArn: topic,
    Protocol: 'sqs',
    Endpoint: queueArn,
    ReturnSubscriptionArn: 'true',
    'Attributes.entry.1.key': 'RawMessageDelivery',
    'Attributes.entry.1.value': 'true',
  });
  expect(await subscribeQueue(aws, { ...request, queue: queueUrl })).toMatchObject({ policyChanged: false });
  expect(actions().slice(4)).toEqual(['GetQueueAttributes', 'Subscribe']);
});

test('a subscription of the other kind of delivery is changed', async () => {
  const { stub, aws, actions } = await openFanout(undefined, 'false');
  expect(await subscribeQueue(aws, request)).toMatchObject({ subscriptionArn });
  expect(actions().slice(3)).toEqual(['Subscribe', 'Subscribe', 'SetSubscriptionAttributes']);
  expect(stub.requests.at(-1)?.fields).toMatchObject({
    SubscriptionArn: subscriptionArn,
    AttributeName: 'RawMessageDelivery',
    AttributeValue: 'true',
  });
});

test('a dry run only looks; a policy that cannot be read is left as it is', async () => {
  const { aws, actions } = await openFanout(undefined);
  expect(await subscribeQueue(aws, { ...request, dryRun: true })).toMatchObject({
    policyChanged: true,
    subscriptionArn: null,
  });
  expect(actions()).toEqual(['GetQueueUrl', 'GetQueueAttributes']);
  const broken = await openFanout('not JSON');
  await expect(subscribeQueue(broken.aws, request)).rejects.toMatchObject({ code: 'POLICY_UNREADABLE' });
  expect(broken.actions()).not.toContain('SetQueueAttributes');
  await expect(subscribeQueue(aws, { ...request, topic: queueArn })).rejects.toMatchObject({
    code: 'ARN_INVALID',
  });
});

test('the same statement in another order of members is the same', () => {
  const statement = statementFor(topic, queueArn);
  const reversed = Object.fromEntries(Object.entries(statement).reverse());
  expect(withStatement(JSON.stringify({ Statement: [reversed] }), statement)).toBeUndefined();
  const stale = { ...statement, Action: 'sqs:*' };
  expect(JSON.parse(withStatement(JSON.stringify({ Statement: [stale] }), statement) ?? '')).toMatchObject({
    Version: '2012-10-17',
    Statement: [statement],
  });
});
