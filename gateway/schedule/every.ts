/**
 * How often a job runs, as people write it: `15m`, `1h`, `2d` or `daily 02:30` in local time.
 * Computes times only; `schedule.ts` waits for them.
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

/**
 * The first turn after `nowMs`. Intervals keep the beat of `previousMs`, the turn before; without
 * one they begin at once. Daily turns do not depend on it. Times are milliseconds since the epoch.
 */
export function nextTurn(every: Every, nowMs: number, previousMs: number | undefined): number {
  if (every.kind === 'daily') return nextDaily(every.hour, every.minute, nowMs);
  if (previousMs === undefined) return nowMs;
  const missed = Math.max(0, Math.floor((nowMs - previousMs) / every.intervalMs));
  // A previous turn in the future means that the clock was set back: the beat starts anew.
  return previousMs > nowMs ? nowMs + every.intervalMs : previousMs + (missed + 1) * every.intervalMs;
}

function nextDaily(hour: number, minute: number, nowMs: number): number {
  const now = new Date(nowMs);
  const onDay = (offset: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset, hour, minute).getTime();
  const today = onDay(0);
  return today > nowMs ? today : onDay(1);
}

/** Raised for a text that is no interval of a minute to a year and no time of day; the user mends it. */
function everyMalformed(text: string): GatehouseError {
  return new GatehouseError('EVERY_MALFORMED', `"${text}" does not say how often.`, {
    context: { text },
    hint: 'Write an interval such as 15m, 1h or 2d (one minute to 366 days), or "daily 02:30".',
  });
}
