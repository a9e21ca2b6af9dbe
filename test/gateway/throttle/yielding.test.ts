/** The yielding flow on a line that is worked out: rate, queue, and others who fill it. */
import { describe, expect, test } from 'vitest';
import {
  baseDelayMs,
  beginYielding,
  type DelayHistory,
  floorBytesPerSecond,
  targetMs,
  withDelay,
  type YieldState,
  yieldStep,
} from '../../../gateway/throttle/yielding.js';

const stepMs = 200;
const megabyte = 1_000_000;

/** What others send is pushed in regardless; the queue holds half a second. */
class Line {
  state: YieldState = beginYielding(0);
  queueMs = 0;
  #nowMs = 0;
  /** The sender's measure is a step old. */
  #before = { queueMs: 0, bytesPerSecond: 0 };
  readonly #rate: number;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** @returns our mean rate. */
  run(steps: number, { others = 0, wanted = Number.POSITIVE_INFINITY, resent = 0 } = {}): number {
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const sending = Math.min(wanted, this.state.ceilingBytesPerSecond);
      const all = sending + others;
      const hasQueue = this.queueMs > 0 || all > this.#rate;
      const arriving = hasQueue ? (this.#rate * sending) / all : sending;
      this.queueMs = Math.max(0, Math.min(500, this.queueMs + stepMs * (all / this.#rate - 1)));
      this.state = yieldStep(this.state, { nowMs: this.#nowMs, resent, ...this.#before });
      this.#before = { queueMs: this.queueMs, bytesPerSecond: arriving };
      this.#nowMs += stepMs;
      sum += arriving;
    }
    return sum / steps;
  }
}

describe('a flow that yields', () => {
  test.each([0.1, 2, 50])('fills a line of %f MB/s and keeps its queue near the target', (rate) => {
    const line = new Line(rate * megabyte);
    line.run(40);
    const queues = Array.from({ length: 50 }, () => {
      line.run(1);
      return line.queueMs;
    });
    expect(Math.max(...queues)).toBeLessThan(2 * targetMs);
    expect(line.run(50)).toBeGreaterThan(0.95 * rate * megabyte);
  });

  test('falls to its floor within seconds beside one who fills the line, never below', () => {
    const line = new Line(2 * megabyte);
    line.run(50);
    line.run(25, { others: 2 * megabyte });
    expect(line.state.ceilingBytesPerSecond).toBeLessThan(0.1 * megabyte);
    line.run(25, { others: 2 * megabyte });
    expect(line.state.ceilingBytesPerSecond).toBe(floorBytesPerSecond);
    line.run(50, { others: 3 * megabyte });
    expect(line.state.ceilingBytesPerSecond).toBe(floorBytesPerSecond);
  });

  test('takes what others leave, and all of it soon after they have gone', () => {
    const line = new Line(2 * megabyte);
    line.run(100, { others: megabyte });
    expect(line.run(20, { others: megabyte })).toBeGreaterThan(0.85 * megabyte);
    line.run(100, { others: 3 * megabyte });
    line.run(75);
    expect(line.run(20)).toBeGreaterThan(1.9 * megabyte);
  });

  test('does not ask for more than it uses, nor less because there is little to send', () => {
    const line = new Line(10 * megabyte);
    line.run(100, { wanted: megabyte });
    expect(line.state.ceilingBytesPerSecond).toBeLessThan(2.3 * megabyte);
    const before = line.state.ceilingBytesPerSecond;
    line.run(50, { wanted: 1_000 });
    expect(line.state.ceilingBytesPerSecond).toBe(before);
  });

  test('halves on loss, once a second, and not for a lone segment on a free line', () => {
    const begun = { ...beginYielding(0), ceilingBytesPerSecond: megabyte };
    const sample = { queueMs: 0, bytesPerSecond: megabyte };
    const lost = yieldStep(begun, { ...sample, nowMs: 0, resent: 5 });
    expect(lost.ceilingBytesPerSecond).toBe(megabyte / 2);
    const again = yieldStep(lost, { ...sample, nowMs: 200, resent: 5 });
    expect(again.ceilingBytesPerSecond).toBeGreaterThan(megabyte / 2);
    expect(yieldStep(again, { ...sample, nowMs: 1_000, resent: 5 }).ceilingBytesPerSecond).toBeLessThan(
      0.3 * megabyte,
    );
    const lone = yieldStep(begun, { ...sample, nowMs: 0, resent: 1 });
    expect(lone.ceilingBytesPerSecond).toBeGreaterThan(megabyte);
  });

  test('does not mind a single late round trip', () => {
    const line = new Line(2 * megabyte);
    line.run(100);
    const before = line.state.ceilingBytesPerSecond;
    const late = yieldStep(line.state, { nowMs: 1e6, queueMs: 900, bytesPerSecond: before, resent: 0 });
    expect(late.ceilingBytesPerSecond).toBeGreaterThan(0.9 * before);
  });
});

test('the base is the smallest delay of ten minutes, and forgets what is older', () => {
  const minute = 60_000;
  let history: DelayHistory = [];
  expect(baseDelayMs(history)).toBe(Number.POSITIVE_INFINITY);
  for (const [at, ms] of [
    [0, 30],
    [1_000, 12],
    [2_000, 40],
    [5 * minute, 25],
  ] as const) {
    history = withDelay(history, ms, at);
  }
  expect(baseDelayMs(history)).toBe(12);
  history = withDelay(history, 50, 9 * minute);
  expect(baseDelayMs(history)).toBe(12);
  history = withDelay(history, 50, 10 * minute);
  expect(baseDelayMs(history)).toBe(25);
  history = withDelay(history, 50, 30 * minute);
  expect(history).toHaveLength(1);
});
