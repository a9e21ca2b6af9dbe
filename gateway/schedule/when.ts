/** Any way to say when a job runs: an interval, cron's fields, or calendar words. */
import { hasCode } from '../../core/errors.js';
import { parseCalendar } from './calendar.js';
import { looksLikeCron, parseCron } from './cron.js';
import { parseEvery } from './every.js';
import { calendarTurns, intervalTurns, type Turns } from './turns.js';

/**
 * @param timeZone for what follows the wall clock and names no zone itself; the machine's unless told.
 * @throws SCHEDULE_MALFORMED.
 */
export function parseWhen(text: string, timeZone?: string): Turns {
  const every = tryEvery(text);
  if (every?.kind === 'interval') return intervalTurns(every.intervalMs);
  if (every !== undefined) return calendarTurns(parseCalendar(`${every.hour}:${every.minute}`), timeZone);
  return calendarTurns(looksLikeCron(text) ? parseCron(text) : parseCalendar(text), timeZone);
}

function tryEvery(text: string) {
  try {
    return parseEvery(text);
  } catch (error) {
    if (hasCode(error, 'EVERY_MALFORMED')) return undefined;
    throw error;
  }
}
