/**
 * Times for people. Clock times and dates follow the reader's locale and zone; relative times are
 * in English, because they stand inside English sentences. All inputs are epoch milliseconds.
 */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** `just now`, `12 minutes ago`, `in 3 hours`; beyond a week the date. */
export function relativeTime(ms: number, nowMs: number, locale?: string): string {
  const offset = ms - nowMs;
  const size = Math.abs(offset);
  if (size < 10 * second) return offset > second ? 'in a moment' : 'just now';
  if (size < minute) return relative.format(Math.trunc(offset / second), 'second');
  if (size < hour) return relative.format(Math.trunc(offset / minute), 'minute');
  if (size < day) return relative.format(Math.trunc(offset / hour), 'hour');
  if (size < 7 * day) return relative.format(Math.trunc(offset / day), 'day');
  return dateText(ms, locale);
}

/** As `relativeTime`, for what has happened: a clock that runs ahead must not put it into the future. */
export function timeSince(ms: number, nowMs: number, locale?: string): string {
  return relativeTime(Math.min(ms, nowMs), nowMs, locale);
}

/** `14:03:22` or `2:03:22 PM`. */
export function clockTime(ms: number, locale?: string, withSeconds = true): string {
  const format = new Intl.DateTimeFormat(locale, {
    hour: 'numeric',
    minute: '2-digit',
    ...(withSeconds ? { second: '2-digit' } : {}),
  });
  return format.format(new Date(ms));
}

/** `2 Jan`, for axes. */
export function dayAndMonth(ms: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }).format(new Date(ms));
}

/** Date and time in full, for titles. */
export function fullTime(ms: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium' }).format(new Date(ms));
}

function dateText(ms: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(ms));
}

/** The name of a day as a heading: `Today`, `Yesterday`, else weekday and date. */
export function dayHeading(ms: number, nowMs: number, locale?: string): string {
  if (isSameDay(ms, nowMs)) return 'Today';
  if (isSameDay(ms, startOfDay(nowMs) - 1)) return 'Yesterday';
  const format = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
  return format.format(new Date(ms));
}

/** In the reader's zone. */
export function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0);
}

export function isSameDay(aMs: number, bMs: number): boolean {
  return startOfDay(aMs) === startOfDay(bMs);
}

/** `84 ms`, `1.3 s`, `4 min 10 s`, `2 h 5 min`. */
export function durationText(durationMs: number, locale?: string): string {
  if (durationMs < second) return `${Math.round(durationMs)} ms`;
  if (durationMs < minute) {
    const seconds = Math.floor(durationMs / 100) / 10;
    return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(seconds)} s`;
  }
  const [large, largeUnit, small, smallUnit] =
    durationMs < hour
      ? [Math.floor(durationMs / minute), 'min', Math.floor((durationMs % minute) / second), 's']
      : [Math.floor(durationMs / hour), 'h', Math.floor((durationMs % hour) / minute), 'min'];
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
