import { expect, test } from 'vitest';
import { until } from '../../support/cloud-database.js';
import { connectDevice, startCloud } from '../../support/cloud-fixture.js';

test('rules are made, listed and deleted over HTTP, and a real device raises and clears an alarm', async () => {
  const opened = await startCloud();
  const { call, get, cloud } = opened;
  const rule = {
    name: 'too warm',
    thing: 'probe',
    when: { kind: 'range', series: 'room.temperature', max: 30 },
  };
  expect((await call('POST', '/alarms/rules', rule)).status).toBe(201);
  expect((await call('POST', '/alarms/rules', rule)).status).toBe(409);
  const faulty = await call('POST', '/alarms/rules', {
    ...rule,
    name: 'x',
    when: { kind: 'range', series: 'a.b' },
  });
  expect(faulty.status).toBe(400);
  expect(await faulty.text()).toContain('min');
  const device = await connectDevice(cloud, 'probe');
  const send = (id: number, value: number) =>
    device.publishAsync(
      'gatehouse/v1/probe/telemetry',
      JSON.stringify({
        v: 1,
        id: `message-${id}`,
        seq: id,
        readings: [
          { series: 'room.temperature', unit: 'Cel', value, deviceTime: new Date(id).toISOString() },
        ],
      }),
      { qos: 1 },
    );
  await send(1, 31);
  expect(await get('/alarms?state=ALARM')).toMatchObject([
    { rule: 'too warm', subject: 'probe', state: 'ALARM' },
  ]);
  expect((await call('POST', '/alarms/ack', { rule: 'too warm', subject: 'probe' })).status).toBe(200);
  await send(2, 20);
  expect(await get('/alarms?state=ALARM')).toEqual([]);
  await until(async () => (await get<unknown[]>('/alarms/history?rule=too%20warm')).length === 2);
  const gone = await call('DELETE', '/alarms/rules/too%20warm', {});
  expect(gone.status, opened.logLines.at(-1)).toBe(200);
  expect((await call('DELETE', '/alarms/rules/too%20warm', {})).status).toBe(404);
  expect(await get('/alarms/rules')).toEqual([]);
  expect(opened.logLines.filter((line) => line.includes('stack'))).toEqual([]);
});
