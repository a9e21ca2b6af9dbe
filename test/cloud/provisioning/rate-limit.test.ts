import { expect, it } from 'vitest';
import { RateLimit } from '../../../cloud/provisioning/rate-limit.js';
import { FakeClock } from '../../support/fake-clock.js';

it('grants a burst, then one call per interval, each address for itself', () => {
  const clock = new FakeClock();
  const limit = new RateLimit({ clock, burst: 2, refillMs: 1_000, maxAddresses: 10 });
  expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([0, 0, 1_000]);
  expect(limit.take('b')).toBe(0);
  clock.advance(400);
  expect(limit.take('a')).toBe(600);
  clock.advance(600);
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 1_000]);
  clock.advance(1e9);
  expect([limit.take('a'), limit.take('a'), limit.take('a')]).toEqual([0, 0, 1_000]);
});

it('forgets the address that was unseen the longest when there are too many', () => {
  const limit = new RateLimit({ clock: new FakeClock(), burst: 1, refillMs: 1_000, maxAddresses: 2 });
  expect([limit.take('a'), limit.take('b'), limit.take('a')]).toEqual([0, 0, 1_000]);
  expect(limit.take('c')).toBe(0);
  expect(limit.take('a')).toBe(1_000);
  expect(limit.take('b')).toBe(0);
});
