import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ActionCatalog } from '../../../../cloud/actions/catalog.js';
import {
  lambdaFunctionConfig,
  snsFunctionConfig,
  sqsFunctionConfig,
} from '../../../../cloud/actions/function-config.js';
import { awsLambdaAction } from '../../../../cloud/actions/ready/aws-lambda-action.js';
import { snsAction } from '../../../../cloud/actions/ready/sns-action.js';
import { sqsAction } from '../../../../cloud/actions/ready/sqs-action.js';
import { AwsClients } from '../../../../cloud/aws/aws-clients.js';
import { systemClock } from '../../../../core/clock.js';
import { invocationOf } from '../../../support/click-events.js';
import { SteeredAction } from '../../../support/click-path.js';
import { type AwsAnswer, type AwsRequest, openStubAws } from '../../../support/stub-aws.js';

const functionArn = 'arn:aws:lambda:us-west-2:123456789012:function:open-gate:PROD';
const topicArn = 'arn:aws:sns:eu-central-1:123456789012:presses.fifo';
const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:presses.fifo';

async function withAws(answer: (request: AwsRequest) => AwsAnswer) {
  const stub = await openStubAws(answer);
  return { stub, aws: new AwsClients({ endpoint: stub.url }) };
}

test('a function in AWS gets the event, and its log and result come back', async () => {
  const { stub, aws } = await withAws(() => ({
    headers: { 'x-amz-log-result': Buffer.from('START\nall well\n').toString('base64') },
    body: '{"opened":true}',
  }));
  const config = lambdaFunctionConfig.parse({ kind: 'lambda', functionArn });
  const invocation = invocationOf({ room: '1001' });
  expect(await awsLambdaAction(config, aws, systemClock).invoke(invocation)).toEqual({
    ok: true,
    log: 'START\nall well\n',
    result: '{"opened":true}',
  });
  expect(stub.requests).toMatchObject([
    {
      service: 'lambda',
      region: 'us-west-2',
      method: 'POST',
      path: `/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`,
      headers: { 'x-amz-invocation-type': 'RequestResponse', 'x-amz-log-type': 'Tail' },
      body: invocation.event,
    },
  ]);
});

test('an error that the function threw, one that passes and one that stays are told apart', async () => {
  const answers: AwsAnswer[] = [
    {
      headers: { 'x-amz-function-error': 'Unhandled' },
      body: '{"errorType":"TypeError","errorMessage":"x is undefined"}',
    },
    {
      status: 429,
      headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
      body: '{"message":"Rate Exceeded."}',
    },
    {
      status: 404,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
      body: '{"Message":"Function not found"}',
    },
  ];
  const { stub, aws } = await withAws(() => answers.shift()!);
  const action = awsLambdaAction(
    lambdaFunctionConfig.parse({ kind: 'lambda', functionArn }),
    aws,
    systemClock,
  );
  const outcomes = [];
  for (let i = 0; i < 3; i++) outcomes.push(await action.invoke(invocationOf()));
  expect(outcomes).toMatchObject([
    {
      error: {
        code: 'HANDLER_THREW',
        message: 'The handler threw TypeError: x is undefined',
        retryable: true,
      },
    },
    { error: { code: 'AWS_DELAYED', retryable: true } },
    {
      error: {
        code: 'AWS_REFUSED',
        retryable: false,
        message: expect.stringContaining('ResourceNotFoundException'),
      },
    },
  ]);
  // Nothing was sent again behind our back: the function might have run twice without a mark.
  expect(stub.requests).toHaveLength(3);
});

test('a FIFO topic gets the message under the id of the run', async () => {
  const { stub, aws } = await withAws(() => ({
    body: '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>',
  }));
  const config = snsFunctionConfig.parse({ kind: 'sns', topicArn, subject: 'Help – {{Building}}' });
  const invocation = invocationOf({ Building: 'Main' });
  expect(await snsAction(config, aws, systemClock).invoke(invocation)).toMatchObject({ ok: true });
  expect(stub.requests).toMatchObject([
    {
      service: 'sns',
      region: 'eu-central-1',
      fields: {
        Action: 'Publish',
        TopicArn: topicArn,
        Message: invocation.event,
        Subject: 'Help   Main',
        MessageGroupId: 'gatehouse',
        MessageDeduplicationId: invocation.runId,
      },
    },
  ]);
});

test('a queue named by its ARN is looked up once; an answer that was lost is asked for again', async () => {
  let lost = 1;
  const { stub, aws } = await withAws(({ action, fields }) => {
    if (action === 'GetQueueUrl')
      return { body: JSON.stringify({ QueueUrl: 'https://sqs.example/1/presses.fifo' }) };
    if (lost-- > 0) return { status: 503, body: '{"__type":"ServiceUnavailable"}' };
    const digest = createHash('md5').update(String(fields['MessageBody'])).digest('hex');
    return { body: JSON.stringify({ MessageId: 'm-1', MD5OfMessageBody: digest }) };
  });
  const config = sqsFunctionConfig.parse({ kind: 'sqs', queue: queueArn, body: '{{Building}}' });
  const action = sqsAction(config, aws, systemClock);
  for (let i = 0; i < 2; i++) {
    expect(await action.invoke(invocationOf({ Building: 'Main' }))).toMatchObject({ ok: true });
  }
  expect(stub.requests.map((request) => request.action)).toEqual([
    'GetQueueUrl',
    'SendMessage',
    'SendMessage',
    'SendMessage',
  ]);
  expect(stub.requests[0]?.fields).toEqual({
    QueueName: 'presses.fifo',
    QueueOwnerAWSAccountId: '123456789012',
  });
  expect(stub.requests[3]?.fields).toEqual({
    QueueUrl: 'https://sqs.example/1/presses.fifo',
    MessageBody: 'Main',
    MessageGroupId: 'gatehouse',
    MessageDeduplicationId: invocationOf().runId,
  });
});

test('an ARN of AWS needs no function; one of our own of the same name stands in for it', async () => {
  const functions = new Map([['open-gate', new SteeredAction()]]);
  const aws = new AwsClients({});
  const catalog = new ActionCatalog({ functions, aws, clock: systemClock });
  expect(catalog.nameOf(functionArn)).toBe('open-gate');
  expect(catalog.get('open-gate')).toBe(functions.get('open-gate'));
  const other = functionArn.replace('open-gate', 'other');
  expect(catalog.nameOf(other)).toBe(other);
  for (const arn of [other, topicArn, queueArn]) {
    expect(catalog.get(arn)).toBeDefined();
    expect(catalog.get(arn)).toBe(catalog.get(arn));
  }
  expect(catalog.get('arn:aws:s3:::bucket')).toBeUndefined();
  expect(catalog.get('http://127.0.0.1/queue')).toBeUndefined();
  const local = 'arn:aws:lambda:local:000000000000:function:gone';
  expect(catalog.get(catalog.nameOf(local))).toBeUndefined();
  expect(new ActionCatalog({ functions, aws: undefined, clock: systemClock }).get(other)).toBeUndefined();
});
