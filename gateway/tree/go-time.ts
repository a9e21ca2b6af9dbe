/**
 * Times as Go writes them (RFC3339Nano), from and to nanoseconds since 1970. We write UTC unless a
 * time was stored with an offset; any offset is read. Years are held to 0..9999 as restic does, because JSON in Go allows no others.
 */
const nanosPerSecond = 1_000_000_000n;
const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** Go's zero time, 0001-01-01T00:00:00Z; what an absent field means. */
export const zeroTimeNs = -62_135_596_800n * nanosPerSecond;

/** @param offsetSeconds what the zone is ahead of UTC; the text then shows that zone's clock. */
export function formatTime(ns: bigint, offsetSeconds = 0): string {
  if (offsetSeconds !== 0) return formatAnew(ns, offsetSeconds);
  // Two of a node's three times are the same more often than not.
  if (ns !== lastFormatted) {
    lastText = formatAnew(ns, 0);
    lastFormatted = ns;
  }
  return lastText;
}

let lastFormatted: bigint | undefined;
let lastText = '';

function formatAnew(ns: bigint, offsetSeconds: number): string {
  let seconds = Number(ns / nanosPerSecond);
  let fraction = Number(ns % nanosPerSecond);
  if (fraction < 0) {
    seconds -= 1;
    fraction += 1e9;
  }
  const digits =
    fraction === 0
      ? ''
      : `.${String(1e9 + fraction)
          .slice(1)
          .replace(/0+$/, '')}`;
  return `${formatSeconds(seconds + offsetSeconds)}${digits}${formatOffset(offsetSeconds)}`;
}

/** A file is seldom the only one of its day. */
function formatSeconds(seconds: number): string {
  const day = Math.floor(seconds / secondsPerDay);
  let text = dayTexts.get(day);
  if (text === undefined) {
    if (dayTexts.size >= mostDays) dayTexts.clear();
    text = heldDate(day * secondsPerDay)
      .toISOString()
      .slice(0, 11);
    dayTexts.set(day, text);
  }
  const second = seconds - day * secondsPerDay;
  const minute = Math.floor(second / 60);
  return `${text}${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}:${twoDigits(second % 60)}`;
}

const secondsPerDay = 86_400;
const mostDays = 1000;
const dayTexts = new Map<number, string>();

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

function formatOffset(seconds: number): string {
  if (seconds === 0) return 'Z';
  const minutes = Math.trunc(Math.abs(seconds) / 60);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${seconds < 0 ? '-' : '+'}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`;
}

/** Whole-second dates whose year is out of range keep month, day and time, as in restic. */
function heldDate(seconds: number): Date {
  const limit = 8.64e12;
  const date = new Date(Math.max(-limit, Math.min(limit, seconds)) * 1000);
  if (date.getUTCFullYear() < 0) date.setUTCFullYear(0);
  if (date.getUTCFullYear() > 9999) date.setUTCFullYear(9999);
  return date;
}

/** Nanoseconds since 1970, or undefined when it is no time. */
export function parseTime(text: string): bigint | undefined {
  if (text !== lastParsed) {
    lastParsed = text;
    lastTime = parseAnew(text);
  }
  return lastTime;
}

let lastParsed = '';
let lastTime: bigint | undefined;

function parseAnew(text: string): bigint | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const seconds = BigInt(date.getTime() / 1000 - offsetSeconds(zone ?? 'Z'));
  return seconds * nanosPerSecond + BigInt((fraction ?? '').slice(0, 9).padEnd(9, '0'));
}

/** What the zone of a stored time is ahead of UTC, seconds; 0 for UTC and for what is no time. */
export function zoneOffsetSeconds(text: string): number {
  return offsetSeconds(pattern.exec(text)?.[8] ?? 'Z');
}

function offsetSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60);
}

export function nanosOfMs(ms: number): bigint {
  return BigInt(Math.trunc(ms)) * 1_000_000n;
}
