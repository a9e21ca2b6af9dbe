/**
 * Limits by weekday and hour, as rclone writes them: `08:00,512k 19:00,10M 23:00,off` every day,
 * `Mon-08:00,300k Sat-00:00,off` through the week, `10M:1M` for upload and download. Local time: a
 * slot holds from its wall-clock time to the next one's, so a clock change moves nothing but itself.
 */
import { GatehouseError } from '../../core/errors.js';
import { parseRate } from './rate.js';

/** Bytes per second; undefined is no limit. */
export interface Rates {
  readonly upload: number | undefined;
  readonly download: number | undefined;
}

/** Rates or timetables as people write them; in `upload` also pairs. */
export interface Limits {
  readonly upload?: string | undefined;
  readonly download?: string | undefined;
}

interface Slot {
  /** Minutes since Sunday 00:00. */
  readonly minute: number;
  readonly first: number | undefined;
  /** Absent when the text says nothing of the other direction. */
  readonly second?: { readonly rate: number | undefined };
}

export interface Timetable {
  readonly text: string;
  /** By minute, at least one; the last holds before the first. */
  readonly slots: readonly Slot[];
}

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const dayMinutes = 24 * 60;
const minuteMs = 60_000;

/** A rate, a pair of them, `off`, or a timetable. @throws RATE_MALFORMED, which says where. */
export function parseTimetable(text: string): Timetable {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ word: match[0], at: match.index }));
  const [only] = words;
  if (only === undefined) throw malformed(text, 0, text, 'a transfer rate');
  if (words.length === 1 && !only.word.includes(',')) {
    return { text, slots: [{ minute: 0, ...ratesOf(text, only.word, only.at) }] };
  }
  const byMinute = new Map<number, Slot>();
  // What names a day wins over what holds on all of them.
  for (const wantsDay of [false, true]) {
    for (const { word, at } of words) {
      for (const slot of slotsOf(text, word, at, wantsDay)) byMinute.set(slot.minute, slot);
    }
  }
  return { text, slots: [...byMinute.values()].sort((a, b) => a.minute - b.minute) };
}

/** As `parseTimetable`, for one direction: a pair of rates is refused. */
export function parseOneWay(text: string): Timetable {
  const table = parseTimetable(text);
  const pair = /\S*:\d*[.\d]*[kmg]?(?=\s|$)/i.exec(text);
  if (table.slots.some((slot) => slot.second !== undefined))
    throw malformed(text, pair?.index ?? 0, pair?.[0] ?? text, 'a transfer rate for one direction');
  return table;
}

/** What holds at `ms` (since 1970). A direction that the text leaves out is absent. */
export function ratesAt(
  table: Timetable,
  ms: number,
): { upload: number | undefined; download?: number | undefined } {
  const slot = slotAt(table, ms);
  return {
    upload: slot?.first,
    ...(slot?.second === undefined ? {} : { download: slot.second.rate }),
  };
}

/** The first minute within eight days at which another slot begins to hold; milliseconds since 1970. */
export function nextChangeMs(table: Timetable, ms: number): number | undefined {
  if (table.slots.length < 2) return undefined;
  const now = slotAt(table, ms);
  // Minute by minute, since only the calendar knows what a clock change does.
  const first = (Math.floor(ms / minuteMs) + 1) * minuteMs;
  for (let at = first; at < first + 8 * dayMinutes * minuteMs; at += minuteMs) {
    if (slotAt(table, at) !== now) return at;
  }
  return undefined;
}

function slotAt(table: Timetable, ms: number): Slot | undefined {
  const time = new Date(ms);
  const minute = time.getDay() * dayMinutes + time.getHours() * 60 + time.getMinutes();
  return table.slots.findLast((slot) => slot.minute <= minute) ?? table.slots.at(-1);
}

function slotsOf(text: string, word: string, at: number, wantsDay: boolean): Slot[] {
  const comma = word.indexOf(',');
  if (comma < 0) throw malformed(text, at, word, 'a time, a comma and a rate');
  const time = word.slice(0, comma);
  const [, day, hour = '', minute = ''] = /^(?:([a-z]{3,9})-)?([01]?\d|2[0-3]):([0-5]\d)$/i.exec(time) ?? [];
  const dayAt = day === undefined ? undefined : days.indexOf(day.slice(0, 3).toLowerCase());
  if (hour === '' || dayAt === -1) throw malformed(text, at, time, 'a time such as 08:00 or Mon-08:00');
  const rates = ratesOf(text, word.slice(comma + 1), at + comma + 1);
  if ((dayAt !== undefined) !== wantsDay) return [];
  const inDay = Number(hour) * 60 + Number(minute);
  const on = dayAt === undefined ? days.keys() : [dayAt];
  return [...on].map((index) => ({ minute: index * dayMinutes + inDay, ...rates }));
}

function ratesOf(text: string, word: string, at: number): Pick<Slot, 'first' | 'second'> {
  const colon = word.indexOf(':');
  if (colon < 0) return { first: rateOf(text, word, at) };
  return {
    first: rateOf(text, word.slice(0, colon), at),
    second: { rate: rateOf(text, word.slice(colon + 1), at + colon + 1) },
  };
}

function rateOf(text: string, word: string, at: number): number | undefined {
  if (word.toLowerCase() === 'off') return undefined;
  try {
    return parseRate(word);
  } catch {
    throw malformed(text, at, word, 'a transfer rate');
  }
}

/** Raised for a rate or timetable that cannot be read; the user mends it where the message says. */
function malformed(text: string, at: number, found: string, what: string): GatehouseError {
  const where = text.trim() === found.trim() ? '' : ` at character ${at + 1} of "${text}"`;
  return new GatehouseError('RATE_MALFORMED', `"${found}"${where} is not ${what}.`, {
    context: { text, at: at + 1 },
    hint: 'Write a rate (500 in KiB, 300k, 2M, off), a pair for upload and download (10M:1M), or a timetable: "08:00,512k 19:00,10M 23:00,off", "Mon-08:00,300k Sat-00:00,off".',
  });
}
