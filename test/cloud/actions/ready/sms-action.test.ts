import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smsFunctionConfig } from '../../../../cloud/actions/function-config.js';
import { smsAction } from '../../../../cloud/actions/ready/sms-action.js';
import { AwsClients } from '../../../../cloud/aws/aws-clients.js';
import { systemClock } from '../../../../core/clock.js';
import { invocationOf } from '../../../support/click-events.js';
import { openReceiver } from '../../../support/http-receiver.js';
import { openStubAws } from '../../../support/stub-aws.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const message = { kind: 'sms', to: '{{phone}}', text: 'Help in {{Building}}' } as const;

test('the stock SDK sends a signed Publish to the phone number', async () => {
  const aws = await openStubAws(() => ({
    body: '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>',
  }));
  const config = smsFunctionConfig.parse({ ...message, region: 'eu-west-1', senderId: 'GATE' });
  const action = smsAction(config, new AwsClients({ endpoint: aws.url }), systemClock);
  const outcome = await action.invoke(invocationOf({ phone: '+49 170 / 123-4567', Building: 'Main' }));
  expect(outcome).toEqual({ ok: true, log: 'Sent to +491701234567: SNS message m-1\n' });
  expect(aws.requests).toMatchObject([
    {
      service: 'sns',
      region: 'eu-west-1',
      action: 'Publish',
      fields: {
        PhoneNumber: '+491701234567',
        Message: 'Help in Main',
        'MessageAttributes.entry.2.Name': 'AWS.SNS.SMS.SenderID',
        'MessageAttributes.entry.2.Value.StringValue': 'GATE',
      },
    },
  ]);
});

test('a gateway gets text and number, each encoded for where it stands', async () => {
  const receiver = await openReceiver();
  const tokenFile = join(await temporaryFolder(), 'token');
  await writeFile(tokenFile, 'T0ken');
  const config = smsFunctionConfig.parse({
    ...message,
    gateway: {
      url: `${receiver.url}/send?to={{to}}`,
      headers: { authorization: 'Bearer {{token}}' },
      body: '{"recipients": ["{{to}}"], "message": "{{text}}"}',
      tokenFile,
    },
  });
  const action = smsAction(config, new AwsClients({}), systemClock);
  const attributes = { phone: '+491701234567', Building: '"Main", {{token}}\n"' };
  expect(await action.invoke(invocationOf(attributes))).toMatchObject({ ok: true });
  expect(receiver.received).toMatchObject([
    { path: '/send?to=%2B491701234567', headers: { authorization: 'Bearer T0ken' } },
  ]);
  expect(JSON.parse(receiver.received[0]!.body)).toEqual({
    recipients: ['+491701234567'],
    message: 'Help in "Main", {{token}}\n"',
  });
});

test.each(['0170 1234567', '+49170abc', ''])('"%s" is no number to send to', async (phone) => {
  const action = smsAction(smsFunctionConfig.parse(message), new AwsClients({}), systemClock);
  const outcome = await action.invoke(invocationOf({ phone, Building: 'Main' }));
  const code = phone === '' ? 'MISSING_ATTRIBUTE' : 'PHONE_NUMBER_INVALID';
  expect(outcome).toMatchObject({ ok: false, error: { code, retryable: false } });
});
