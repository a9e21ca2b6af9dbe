import { expect, test } from 'vitest';
import { RateMeter } from '../../../gateway/throttle/rate-meter.js';
import { FakeClock } from '../../support/fake-clock.js';

test('a rate meter tells the rate of the last five seconds and counts everything', () => {
  const clock = new FakeClock();
  const meter = new RateMeter({ clock });
  expect(meter.bytesPerSecond).toBe(0);
  for (let i = 0; i < 100; i++) {
    meter.add(1_000);
    clock.advance(100);
  }
  expect(meter.bytesPerSecond).toBeGreaterThan(9_000);
  expect(meter.bytesPerSecond).toBeLessThan(10_500);
  clock.advance(6_000);
  expect(meter.bytesPerSecond).toBe(0);
  expect(meter.totalBytes).toBe(100_000);
});
