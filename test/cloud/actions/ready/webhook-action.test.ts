import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { webhookFunctionConfig } from '../../../../cloud/actions/function-config.js';
import { webhookAction } from '../../../../cloud/actions/ready/webhook-action.js';
import { systemClock } from '../../../../core/clock.js';
import { invocationOf } from '../../../support/click-events.js';
import { until } from '../../../support/cloud-database.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { openReceiver } from '../../../support/http-receiver.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

function action(url: string, more: object = {}, clock = systemClock) {
  return webhookAction(webhookFunctionConfig.parse({ kind: 'webhook', url, ...more }), clock);
}

test('the event is posted with the id of its run, signed over time and body', async () => {
  const receiver = await openReceiver();
  const secretFile = join(await temporaryFolder(), 'secret');
  await writeFile(secretFile, 'a secret of some length\n');
  const clock = new FakeClock();
  const invocation = invocationOf({ room: '1001' }, 2);
  const outcome = await action(
    `${receiver.url}/hook`,
    { secretFile, headers: { 'x-own': 'yes' } },
    clock,
  ).invoke(invocation);
  expect(outcome).toEqual({ ok: true, log: 'HTTP 200: taken\n' });
  const [one] = receiver.received;
  expect(one).toMatchObject({ method: 'POST', path: '/hook', body: invocation.event });
  const timestamp = String(Math.floor(clock.now() / 1000));
  expect(one?.headers).toMatchObject({
    'content-type': 'application/json',
    'x-own': 'yes',
    'x-gatehouse-run': invocation.runId,
    'x-gatehouse-attempt': '2',
    'x-gatehouse-timestamp': timestamp,
    'x-gatehouse-signature': `sha256=${createHmac('sha256', 'a secret of some length').update(`${timestamp}.${one?.body}`).digest('hex')}`,
  });
});

test('a body is made from the event; a missing attribute sends nothing', async () => {
  const receiver = await openReceiver();
  const hook = action(receiver.url, { body: 'Help in {{Building}}', contentType: 'text/plain' });
  expect(await hook.invoke(invocationOf({ Building: 'Main' }))).toMatchObject({ ok: true });
  expect(receiver.received[0]).toMatchObject({ body: 'Help in Main' });
  expect(await hook.invoke(invocationOf({}))).toMatchObject({
    ok: false,
    error: { code: 'MISSING_ATTRIBUTE', retryable: false },
  });
  expect(receiver.received).toHaveLength(1);
});

test.each([
  [503, 'DELIVERY_DELAYED', true],
  [429, 'DELIVERY_DELAYED', true],
  [404, 'DELIVERY_REFUSED', false],
  [307, 'DELIVERY_REFUSED', false],
])('answer %i becomes %s', async (status, code, retryable) => {
  const receiver = await openReceiver();
  receiver.answer = [status, 'no', { location: '/elsewhere' }];
  const outcome = await action(receiver.url).invoke(invocationOf());
  expect(outcome).toMatchObject({
    ok: false,
    error: { code, retryable },
    log: expect.stringContaining(`HTTP ${status}`),
  });
  expect(receiver.received).toHaveLength(1);
});

test('no answer ends the run at its limit, and so does closing', async () => {
  const receiver = await openReceiver();
  receiver.answer = undefined;
  const clock = new FakeClock();
  const hook = action(receiver.url, { timeoutMs: 5_000 }, clock);
  const slow = hook.invoke(invocationOf());
  await until(() => receiver.received.length === 1);
  clock.advance(5_000);
  expect(await slow).toMatchObject({ ok: false, error: { code: 'ACTION_TIMED_OUT', retryable: true } });
  const cutOff = hook.invoke(invocationOf());
  await until(() => receiver.received.length === 2);
  await hook.close();
  expect(await cutOff).toMatchObject({ ok: false, error: { code: 'ACTION_CLOSED' } });
});

test('an address where nobody listens is tried again; its path is not told', async () => {
  const outcome = await action('http://127.0.0.1:1/secret-path').invoke(invocationOf());
  expect(outcome).toMatchObject({ ok: false, error: { code: 'DELIVERY_DELAYED', retryable: true } });
  expect(JSON.stringify(outcome)).not.toContain('secret-path');
});
