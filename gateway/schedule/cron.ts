/** Cron's five fields and its `@` words, checked by ourselves so that a fault has a place; see crontab(5). */
import { scheduleMalformed } from './errors.js';
import { daysOfMonth, type FieldKind, hours, minutes, months, parseField, weekdays } from './fields.js';
import type { CalendarPattern } from './turns.js';

const fieldKinds: readonly FieldKind[] = [minutes, hours, daysOfMonth, months, weekdays];

const words: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

export function looksLikeCron(text: string): boolean {
  return text.trim().startsWith('@') || text.trim().split(/\s+/).length === fieldKinds.length;
}

/** Day of month and weekday, when both are restricted, are alternatives, as in every cron. @throws SCHEDULE_MALFORMED. */
export function parseCron(text: string): CalendarPattern {
  if (text.trim().startsWith('@')) {
    const meaning = words[text.trim().toLowerCase()];
    if (meaning === undefined) {
      throw scheduleMalformed(text, 1, `"${text.trim()}" is none of ${Object.keys(words).join(', ')}`);
    }
    return parseCron(meaning);
  }
  const fields = [...text.matchAll(/\S+/g)].map((match, at) => {
    const kind = fieldKinds[at] ?? minutes;
    const refuse = (offset: number, why: string) => scheduleMalformed(text, match.index + offset + 1, why);
    return parseField(match[0], kind, ['-'], refuse);
  });
  const [minute, hour, day, month, weekday] = fields;
  return { second: 0, minute, hour, day, month, weekday, year: undefined, daysAreAlternatives: true };
}
