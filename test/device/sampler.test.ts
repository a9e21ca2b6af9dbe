import { describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../core/log.js';
import { type Reading, reading } from '../../core/wire/messages.js';
import { Sampler } from '../../device/sampler.js';
import type { Measurement, Sensor } from '../../hardware/ports.js';
import { FakeClock } from '../support/fake-clock.js';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp(measure: () => Promise<readonly Measurement[]>, everyMs = 1000) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'text',
    write: (line) => lines.push(line),
    now: () => 0,
  });
  const readings: Reading[] = [];
  const opened: number[] = [];
  const sampler = Sampler.open({
    sensors: [
      {
        name: 'room',
        everyMs,
        open: async (): Promise<Sensor> => {
          opened.push(clock.monotonicMs());
          return { chip: 'fake', measure };
        },
      },
    ],
    clock,
    log,
    onReadings: async (batch) => readings.push(...batch),
  });
  onTestFinished(() => sampler.close());
  const pass = async (ms: number, stepMs = 100) => {
    for (let done = 0; done < ms; done += stepMs) {
      await settle();
      clock.advance(Math.min(stepMs, ms - done));
    }
    await settle();
  };
  return { clock, lines, readings, opened, sampler, pass };
}

const warm: Measurement[] = [
  { quantity: 'temperature', unit: 'Cel', value: 21.5 },
  { quantity: 'humidity', unit: '%RH', value: 40 },
];

describe('the sampler', () => {
  it('measures at once and then at its pace, with series and times that the wire format takes', async () => {
    const { readings, opened, pass } = setUp(async () => warm);
    await pass(3000);
    expect(readings.length).toBe(8);
    expect(readings.map((one) => one.series).slice(0, 2)).toEqual(['room.temperature', 'room.humidity']);
    const times = readings.map((one) => Date.parse(reading.parse(one).deviceTime));
    expect(times.map((time) => time - times[0]!)).toEqual([0, 0, 1000, 1000, 2000, 2000, 3000, 3000]);
    expect(opened).toEqual([0]);
  });

  it('leaves a gap for a failed measurement, and logs a streak once and its end once', async () => {
    let broken = false;
    const { readings, lines, pass } = setUp(async () => {
      if (broken) throw new Error('no answer');
      return warm;
    });
    await pass(1000);
    broken = true;
    await pass(5000);
    const before = readings.length;
    expect(before).toBe(4);
    expect(lines.filter((line) => line.includes('measurement failed'))).toHaveLength(1);
    broken = false;
    await pass(20_000);
    expect(readings.length).toBeGreaterThan(before);
    expect(lines.filter((line) => line.includes('measuring again'))).toHaveLength(1);
  });

  it('opens a failing sensor anew, after pauses that grow to a minute', async () => {
    const { opened, pass } = setUp(async () => {
      throw new Error('no answer');
    });
    await pass(300_000, 500);
    const pauses = opened.slice(1).map((time, index) => time - opened[index]!);
    expect(pauses.slice(0, 6)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000]);
    expect(Math.max(...pauses)).toBe(60_000);
  });

  it('leaves out the turns that a slow measurement missed and keeps its grid', async () => {
    const waiting: (() => void)[] = [];
    const { readings, clock, pass } = setUp(
      () => new Promise((resolve) => waiting.push(() => resolve(warm.slice(0, 1)))),
    );
    await pass(2500);
    expect(waiting).toHaveLength(1);
    waiting[0]!();
    await pass(400);
    expect(waiting).toHaveLength(1);
    await pass(100);
    expect(waiting).toHaveLength(2);
    expect(clock.monotonicMs()).toBe(3000);
    waiting[1]!();
    await settle();
    expect(readings).toHaveLength(2);
  });

  it('stops when closed', async () => {
    const { readings, sampler, pass, clock } = setUp(async () => warm);
    await pass(1000);
    await sampler.close();
    await pass(5000);
    expect(readings).toHaveLength(4);
    expect(clock.pendingCount).toBe(0);
  });
});
