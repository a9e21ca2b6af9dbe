import { expect, test } from 'vitest';
import { plainTelemetry } from '../../../cloud/ingest/plain-telemetry.js';
import { telemetryMessage } from '../../../core/wire/messages.js';
import { Fuzz } from '../../support/fuzz.js';

const sample = {
  v: 1,
  id: 'message-1',
  seq: 7,
  clockSynced: true,
  readings: [
    { series: 'room.temperature', unit: 'Cel', value: 21.5, deviceTime: '2026-01-02T03:04:05.678Z' },
    { series: 'room.humidity', unit: '%RH', value: 0, deviceTime: '2024-02-29T00:00:00.000Z', more: 'x' },
  ],
};

test('the usual message is taken without the schema', () => {
  expect(plainTelemetry(sample)).toEqual(telemetryMessage.parse(sample));
  const { clockSynced: _, ...without } = sample;
  expect(plainTelemetry(without)).toEqual(telemetryMessage.parse(without));
});

test('what it takes, the schema takes with the same result, over many changed messages', () => {
  const fuzz = new Fuzz(20_261_129);
  const times = [
    '2026-02-30T00:00:00.000Z',
    '2026-01-01T24:00:00.000Z',
    '2025-02-29T00:00:00.000Z',
    '+02026-01-01T00:00:00.0Z',
  ];
  let taken = 0;
  for (let round = 0; round < 3_000; round++) {
    const start = structuredClone(sample);
    if (round % 5 === 0) start.readings[0]!.deviceTime = fuzz.pick(times);
    let value: unknown;
    try {
      value = JSON.parse(fuzz.json(start).toString('utf8'));
    } catch {
      continue;
    }
    const plain = plainTelemetry(value);
    if (plain === undefined) continue;
    taken++;
    expect(plain).toEqual(telemetryMessage.parse(value));
  }
  expect(taken).toBeGreaterThan(20);
});
