/** Spans of time as people write them: `90s`, `10m`, `2h`, `3d`, `1w`. */
import { GatehouseError } from '../../core/errors.js';

const secondMs = 1000;
const dayMs = 24 * 60 * 60 * secondMs;
const unitMs: Readonly<Record<string, number>> = {
  s: secondMs,
  m: 60 * secondMs,
  h: 60 * 60 * secondMs,
  d: dayMs,
  w: 7 * dayMs,
};
const longestMs = 3660 * dayMs;

/** @returns milliseconds. @throws DURATION_MALFORMED. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,7})([smhdw])$/.exec(text.trim()) ?? [];
  const durationMs = Number(count) * (unitMs[unit] ?? 0);
  if (durationMs > 0 && durationMs <= longestMs) return durationMs;
  throw new GatehouseError('DURATION_MALFORMED', `"${text}" is no span of time.`, {
    context: { text },
    hint: 'Write a whole number and a unit: 90s, 10m, 2h, 3d or 1w, at most ten years.',
  });
}
