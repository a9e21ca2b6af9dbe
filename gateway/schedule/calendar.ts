/**
 * Calendar words as systemd.time(7) has them: `Mon..Fri 02:30`, `*-*-01 03:00`, `weekly`, with an
 * optional time zone at the end. What is not understood is refused with its place, never guessed.
 */
import { scheduleMalformed } from './errors.js';
import {
  daysOfMonth,
  type FieldValues,
  hours,
  minutes,
  months,
  parseField,
  type Refuse,
  weekdays,
  years,
} from './fields.js';
import type { CalendarPattern } from './turns.js';

const words: Readonly<Record<string, string>> = {
  hourly: '*-*-* *:00',
  daily: '*-*-* 00:00',
  weekly: 'Mon *-*-* 00:00',
  monthly: '*-*-01 00:00',
  quarterly: '*-01,04,07,10-01 00:00',
  semiannually: '*-01,07-01 00:00',
  annually: '*-01-01 00:00',
  yearly: '*-01-01 00:00',
};

/** A lone `..` or, before systemd 229, `-` marks a range of weekdays. */
const weekdayRanges = ['..', '-'];
const ranges = ['..'];

type Fields = Pick<CalendarPattern, 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year'>;
type DateFields = Pick<Fields, 'day' | 'month' | 'year'>;
type TimeFields = Pick<Fields, 'second' | 'minute' | 'hour'>;

const everyDay: DateFields = { day: undefined, month: undefined, year: undefined };
const midnight: TimeFields = { second: 0, minute: [0], hour: [0] };

/** @throws SCHEDULE_MALFORMED. */
export function parseCalendar(text: string): CalendarPattern {
  const word = words[text.trim().toLowerCase()];
  if (word !== undefined) return parseCalendar(word);
  const parts = [...text.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    refuse: (at: number, why: string) => scheduleMalformed(text, match.index + at + 1, why),
  }));
  if (parts.length === 0) throw scheduleMalformed(text, 1, 'it is empty');
  const take = (fits: (part: string) => boolean) => (fits(parts[0]?.text ?? '') ? parts.shift() : undefined);
  const weekday = take((part) => /^[A-Za-z]{3}/.test(part) && !isTimeZone(part));
  const date = take((part) => /[-~]/.test(part) && !part.includes(':') && !/^[A-Za-z]/.test(part));
  const time = take((part) => part.includes(':'));
  const zone = take((part) => isTimeZone(part));
  const [left] = parts;
  if (left !== undefined) throw left.refuse(0, `"${left.text}" is no weekday, date, time or time zone here`);
  return {
    ...(date === undefined ? everyDay : parseDate(date.text, date.refuse)),
    ...(time === undefined ? midnight : parseTime(time.text, time.refuse)),
    weekday: weekday && parseField(weekday.text, weekdays, weekdayRanges, weekday.refuse),
    daysAreAlternatives: false,
    ...(zone === undefined ? {} : { timeZone: zone.text }),
  };
}

export function isTimeZone(text: string): boolean {
  // A bare offset such as +02:00 is a zone to Intl, but it would be taken for a time here.
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** `[YEAR-]MONTH-DAY`, or `MONTH~1` for the last day of the month. */
function parseDate(text: string, refuse: Refuse): DateFields {
  const tilde = text.indexOf('~');
  const isLast = tilde >= 0;
  if (isLast && !/^0?1$/.test(text.slice(tilde + 1))) {
    throw refuse(tilde, 'from the end of a month only the last day, ~1, is known');
  }
  const fields = split(isLast ? text.slice(0, tilde) : text, '-');
  const expected = isLast ? [1, 2] : [2, 3];
  if (!expected.includes(fields.length)) {
    throw refuse(0, `"${text}" is no date such as *-*-01 or 12-24`);
  }
  const dayField = isLast ? undefined : fields.pop();
  const monthField = fields.pop();
  const yearField = fields.pop();
  const read = (field: Piece | undefined, kind: typeof months): FieldValues =>
    field && parseField(field.text, kind, ranges, (at, why) => refuse(field.at + at, why));
  return {
    year: read(yearField, years),
    month: read(monthField, months),
    day: isLast ? 'last' : read(dayField, daysOfMonth),
  };
}

/** `HOUR:MINUTE[:SECOND]`. */
function parseTime(text: string, refuse: Refuse): TimeFields {
  const [hour, minute, second, more] = split(text, ':');
  if (hour === undefined || minute === undefined || more !== undefined) {
    throw refuse(more?.at ?? 0, `"${text}" is no time such as 02:30`);
  }
  if (second !== undefined && !/^[0-5]?\d$/.test(second.text)) {
    throw refuse(second.at, `"${second.text}" is no single second from 0 to 59`);
  }
  const read = (field: Piece, kind: typeof hours): FieldValues =>
    parseField(field.text, kind, ranges, (at, why) => refuse(field.at + at, why));
  return { hour: read(hour, hours), minute: read(minute, minutes), second: Number(second?.text ?? 0) };
}

interface Piece {
  readonly text: string;
  /** Place of its first character, from 0. */
  readonly at: number;
}

function split(text: string, separator: string): Piece[] {
  let at = 0;
  return text.split(separator).map((piece) => {
    const found = { text: piece, at };
    at += piece.length + separator.length;
    return found;
  });
}
