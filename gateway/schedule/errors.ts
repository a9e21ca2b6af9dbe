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
