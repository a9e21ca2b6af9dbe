import { describe, expect, test } from 'vitest';
import { advanceEta, type Eta, type EtaSample, rateOf } from '../../../gateway/progress/eta.js';

const mib = 2 ** 20;

/** Feeds a sample per second and collects what was estimated after each. */
function follow(
  count: number,
  sampleAt: (second: number) => Omit<EtaSample, 'timeMs'>,
): (number | undefined)[] {
  let eta: Eta | undefined;
  return Array.from({ length: count }, (_, second) => {
    eta = advanceEta(eta, { timeMs: second * 1000, ...sampleAt(second) });
    return eta.remainingMs;
  });
}

const seconds = (ms: number | undefined) => Math.round((ms ?? Number.NaN) / 1000);

describe('the end of a backup', () => {
  test('is that of reading when the bucket keeps up', () => {
    const found = follow(60, (s) => ({
      doneBytes: s * 10 * mib,
      totalBytes: 1000 * mib,
      storedBytes: s * 5 * mib,
      sentBytes: s * 5 * mib,
    }));
    expect(seconds(found[50])).toBe(50);
  });

  test('is that of sending when the uplink is the slower one', () => {
    const found = follow(60, (s) => ({
      doneBytes: Math.min(1000, s * 100) * mib,
      totalBytes: 1000 * mib,
      storedBytes: Math.min(500, s * 50) * mib,
      sentBytes: s * 2 * mib,
    }));
    // All is read after 10 s; of the 500 MiB to store, 2 leave per second.
    expect(seconds(found[9])).toBeGreaterThan(200);
    expect(seconds(found[59])).toBe((500 - 59 * 2) / 2);
  });

  test('is unknown before there is something to go by, and without totals', () => {
    const early = follow(5, (s) => ({
      doneBytes: s,
      totalBytes: 100,
      storedBytes: undefined,
      sentBytes: undefined,
    }));
    expect(early.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    expect(seconds(early[4])).toBe(96);
    const uncounted = follow(9, (s) => ({
      doneBytes: s,
      totalBytes: undefined,
      storedBytes: 0,
      sentBytes: 0,
    }));
    expect(uncounted.every((one) => one === undefined)).toBe(true);
    const stuck = follow(9, () => ({ doneBytes: 0, totalBytes: 9, storedBytes: 0, sentBytes: 0 }));
    expect(stuck.every((one) => one === undefined)).toBe(true);
  });

  test('does not jump about when the pace is uneven', () => {
    let done = 0;
    const found = follow(200, (s) => {
      done += (s % 10 < 5 ? 20 : 1) * mib;
      return { doneBytes: done, totalBytes: 4000 * mib, storedBytes: 0, sentBytes: 0 };
    });
    for (let s = 30; s < 200; s++) {
      const step = seconds(found[s]) - seconds(found[s - 1]);
      expect(Math.abs(step + 1)).toBeLessThan(25);
    }
  });

  test('ends at zero', () => {
    const found = follow(40, (s) => ({
      doneBytes: Math.min(100, s * 10),
      totalBytes: 100,
      storedBytes: Math.min(100, s * 10),
      sentBytes: Math.min(100, s * 10),
    }));
    expect(found.at(-1)).toBe(0);
  });

  test('goes by the rate of the last half minute', () => {
    let eta: Eta | undefined;
    let done = 0;
    for (let s = 0; s < 300; s++) {
      done += s < 150 ? 100 : 10;
      eta = advanceEta(eta, {
        timeMs: s * 1000,
        doneBytes: done,
        totalBytes: 1e6,
        storedBytes: 0,
        sentBytes: 0,
      });
    }
    expect(rateOf(eta!.reading)).toBeGreaterThan(9.99);
    expect(rateOf(eta!.reading)).toBeLessThan(11);
  });
});
