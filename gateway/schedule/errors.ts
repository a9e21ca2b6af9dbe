/** What can go wrong with scheduled jobs. */
import { GatehouseError } from '../../core/errors.js';

/** No job has that name. The user takes one of those in the configuration. */
export function jobUnknown(name: string, known: readonly string[]): GatehouseError {
  return new GatehouseError('JOB_UNKNOWN', `There is no job "${name}".`, {
    context: { name },
    hint: known.length === 0 ? 'The configuration has no jobs.' : `Jobs: ${known.join(', ')}.`,
  });
}

/** The job runs at this moment. The user waits until it has ended. */
export function jobRunning(name: string): GatehouseError {
  return new GatehouseError('JOB_RUNNING', `The job "${name}" runs already.`, {
    context: { name },
    hint: 'Wait until it has ended.',
  });
}

/** The schedule is closed or closing. A fault of the program, not of the user. */
export function scheduleClosed(): GatehouseError {
  return new GatehouseError('SCHEDULE_CLOSED', 'The schedule was closed.');
}

/** Raised for a schedule that cannot be understood; `at` counts characters from 1. The user mends the text there. */
export function scheduleMalformed(text: string, at: number, why: string): GatehouseError {
  return new GatehouseError(
    'SCHEDULE_MALFORMED',
    `The schedule "${text}" is not understood at character ${at}: ${why}.`,
    {
      context: { text, at },
      hint: 'Write cron fields ("30 2 * * Mon-Fri"), calendar words ("Mon..Fri 02:30", "weekly", "*-*-01 03:00") or an interval ("15m").',
    },
  );
}
