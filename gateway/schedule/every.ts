/**
 * How often a job runs, as people write it: `15m`, `1h`, `2d` or `daily 02:30` in local time.
 * Says only what was meant; `turns.ts` computes the times.
 */
import { GatehouseError } from '../../core/errors.js';

export type Every =
  | { readonly kind: 'interval'; readonly intervalMs: number }
  | { readonly kind: 'daily'; readonly hour: number; readonly minute: number };

const minuteMs = 60_000;
const unitMs: Readonly<Record<string, number>> = { m: minuteMs, h: 60 * minuteMs, d: 24 * 60 * minuteMs };
const longestMs = 366 * 24 * 60 * minuteMs;

/** @throws EVERY_MALFORMED. */
export function parseEvery(text: string): Every {
  const daily = /^daily ([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  if (daily !== null) return { kind: 'daily', hour: Number(daily[1]), minute: Number(daily[2]) };
  const [, count = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text.trim()) ?? [];
  const intervalMs = Number(count) * (unitMs[unit] ?? 0);
  if (intervalMs < minuteMs || intervalMs > longestMs) throw everyMalformed(text);
  return { kind: 'interval', intervalMs };
}

/** Raised for a text that is no interval of a minute to a year and no time of day; the user mends it. */
function everyMalformed(text: string): GatehouseError {
  return new GatehouseError('EVERY_MALFORMED', `"${text}" does not say how often.`, {
    context: { text },
    hint: 'Write an interval such as 15m, 1h or 2d (one minute to 366 days), or "daily 02:30".',
  });
}
