import { describe, expect, it } from 'vitest';
import { doublePress, longPress, singlePress } from '../../../hardware/sim/press-patterns.js';
import type { Pattern } from '../../../hardware/sim/simulated-chip.js';

/** Spans between pauses of more than 5 ms: where the level settled, when the span began, how long it bounced. */
function spans(pattern: Pattern) {
  const found: { startMs: number; endMs: number; level: number; edges: number }[] = [];
  let atMs = 0;
  for (const { afterMs, level } of pattern) {
    atMs += afterMs;
    const last = found.at(-1);
    if (last === undefined || afterMs > 5) found.push({ startMs: atMs, endMs: atMs, level, edges: 1 });
    else Object.assign(last, { endMs: atMs, level, edges: last.edges + 1 });
  }
  return found;
}

const seeds = Array.from({ length: 50 }, (_, index) => index);

describe('press patterns', () => {
  it.each(seeds)(
    'bounce for at most 3 ms at each change, in pulses of a few hundred microseconds (seed %i)',
    (seed) => {
      for (const span of spans(doublePress({ seed }))) {
        expect(span.edges).toBeGreaterThanOrEqual(3);
        expect(span.endMs - span.startMs).toBeLessThanOrEqual(3);
      }
      const pulses = doublePress({ seed }).filter(({ afterMs }) => afterMs > 0 && afterMs < 5);
      for (const { afterMs } of pulses) {
        expect(afterMs).toBeGreaterThanOrEqual(0.1);
        expect(afterMs).toBeLessThanOrEqual(0.5);
      }
    },
  );

  it('press once for about 80 ms and end released', () => {
    const [pressed, released, ...rest] = spans(singlePress());
    expect(rest).toEqual([]);
    expect(pressed).toMatchObject({ startMs: 0, level: 0 });
    expect(released).toMatchObject({ level: 1 });
    expect(released!.startMs).toBeCloseTo(80, 6);
  });

  it('press twice with about 120 ms in between', () => {
    const [, released, again, end] = spans(doublePress());
    expect(again!.startMs - released!.endMs).toBeCloseTo(120, 6);
    expect(end).toMatchObject({ level: 1 });
  });

  it('hold for the time asked for', () => {
    const [, released] = spans(longPress(1500));
    expect(released!.startMs).toBeCloseTo(1500, 6);
  });

  it('are electrical: active high swaps the levels and nothing else', () => {
    const low = singlePress({ seed: 3 });
    const high = singlePress({ seed: 3, activeLow: false });
    expect(high).toEqual(low.map(({ afterMs, level }) => ({ afterMs, level: 1 - level })));
  });

  it('are the same for the same seed and differ between seeds', () => {
    expect(singlePress({ seed: 7 })).toEqual(singlePress({ seed: 7 }));
    expect(singlePress({ seed: 7 })).not.toEqual(singlePress({ seed: 8 }));
  });
});
