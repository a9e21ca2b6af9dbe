/**
 * One field of a schedule (minutes, weekdays, years …) as the numbers it stands for. Cron and
 * calendar words share it; they differ in how a range is marked. Faults name their character.
 */

export interface FieldKind {
  /** For messages: "the hour 25 is not within 0 to 23". */
  readonly name: string;
  readonly lowest: number;
  readonly highest: number;
  /** Lower-case words for numbers, such as `mon`. */
  readonly words?: Readonly<Record<string, number>>;
}

/** `undefined` stands for every value. Numbers ascend and are unique. */
export type FieldValues = readonly number[] | undefined;

/** @param at of the faulty character within the field, from 0. */
export type Refuse = (at: number, why: string) => Error;

const weekdayNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

export const minutes: FieldKind = { name: 'minute', lowest: 0, highest: 59 };
export const hours: FieldKind = { name: 'hour', lowest: 0, highest: 23 };
export const daysOfMonth: FieldKind = { name: 'day', lowest: 1, highest: 31 };
export const months: FieldKind = {
  name: 'month',
  lowest: 1,
  highest: 12,
  words: Object.fromEntries(monthNames.map((word, at) => [word, at + 1])),
};
export const years: FieldKind = { name: 'year', lowest: 1970, highest: 2199 };
/** Sunday is 0, and 7 too, as cron has it. */
export const weekdays: FieldKind = {
  name: 'weekday',
  lowest: 0,
  highest: 7,
  words: Object.fromEntries(
    weekdayNames.flatMap((word, at) => [
      [word, at],
      [word.slice(0, 3), at],
    ]),
  ),
};

/**
 * A list of `*`, values, ranges and steps (`1,3`, `1-5` or `1..5`, `0/15`), of which a lone `*` is all.
 * @throws what `refuse` makes of the fault.
 */
export function parseField(
  text: string,
  kind: FieldKind,
  rangeMarks: readonly string[],
  refuse: Refuse,
): FieldValues {
  if (text === '*') return undefined;
  const values = new Set<number>();
  let at = 0;
  for (const part of text.split(',')) {
    for (const value of parsePart(part, kind, rangeMarks, (offset, why) => refuse(at + offset, why))) {
      values.add(kind === weekdays ? value % 7 : value);
    }
    at += part.length + 1;
  }
  return [...values].sort((a, b) => a - b);
}

function parsePart(part: string, kind: FieldKind, rangeMarks: readonly string[], refuse: Refuse): number[] {
  const slash = part.indexOf('/');
  const span = slash < 0 ? part : part.slice(0, slash);
  const step = slash < 0 ? 1 : Number(part.slice(slash + 1));
  if (slash >= 0 && (!/^\d{1,4}$/.test(part.slice(slash + 1)) || step < 1)) {
    throw refuse(slash + 1, 'a step is a whole number from 1');
  }
  const [first, last] = parseSpan(span, kind, rangeMarks, slash >= 0, refuse);
  if (first <= last) return every(first, last, step);
  // A range of weekdays may go over the end of the week, `Fri..Mon`.
  if (kind !== weekdays) throw refuse(0, `the range ${span} runs backwards`);
  return every(first, last + 7, step).map((value) => value % 7);
}

function parseSpan(
  span: string,
  kind: FieldKind,
  rangeMarks: readonly string[],
  hasStep: boolean,
  refuse: Refuse,
): [number, number] {
  const highest = kind === weekdays ? 6 : kind.highest;
  if (span === '*') return [kind.lowest, highest];
  const mark = rangeMarks.find((one) => span.includes(one));
  if (mark === undefined) {
    const value = parseValue(span, kind, (at, why) => refuse(at, why));
    return [value, hasStep ? highest : value];
  }
  const at = span.indexOf(mark);
  const second = at + mark.length;
  return [
    parseValue(span.slice(0, at), kind, refuse),
    parseValue(span.slice(second), kind, (offset, why) => refuse(second + offset, why)),
  ];
}

function parseValue(text: string, kind: FieldKind, refuse: Refuse): number {
  const word = kind.words?.[text.toLowerCase()];
  if (word !== undefined) return word;
  if (!/^\d{1,4}$/.test(text)) {
    throw refuse(0, text === '' ? `a ${kind.name} is missing` : `"${text}" is no ${kind.name}`);
  }
  const value = Number(text);
  if (value >= kind.lowest && value <= kind.highest) return value;
  throw refuse(0, `the ${kind.name} ${text} is not within ${kind.lowest} to ${kind.highest}`);
}

function every(first: number, last: number, step: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}
