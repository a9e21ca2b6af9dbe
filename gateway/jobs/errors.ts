/** What can go wrong with a run of a job apart from the backup itself. */
import { countOf } from '../../core/count.js';
import { GatehouseError, messageOf } from '../../core/errors.js';

/** A program that the configuration names cannot be started. The user mends its path or permissions. */
export function commandMissing(program: string, cause: unknown): GatehouseError {
  return new GatehouseError('COMMAND_MISSING', `Cannot start ${program}: ${messageOf(cause)}.`, {
    context: { program },
    cause,
    hint: 'Give its full path, and check that this user may run it.',
  });
}

/** A hook or a command whose output is backed up failed. The user reads its output in the history. */
export function commandFailed(what: string, program: string, how: string, output: string): GatehouseError {
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  const said = lastLine === '' ? '' : ` It said: ${lastLine.slice(0, 300)}`;
  return new GatehouseError('COMMAND_FAILED', `The ${what} ${program} ${how}.${said}`, {
    context: { program },
    hint: 'Its output is in the history: gatehouse jobs history --json.',
  });
}

/** Verification found damage. The user runs check at once and leaves the repository as it is. */
export function damageFound(errors: number, part: string): GatehouseError {
  return new GatehouseError(
    'DAMAGE_FOUND',
    `The repository is damaged: ${countOf(errors, 'error')}, reading part ${part}.`,
    {
      context: { errors, part },
      hint: 'Run "gatehouse check --read-data" at once, and look at the disk or the storage service first.',
    },
  );
}

/** A verification or prune was asked of a job that has none. The user adds it to the configuration. */
export function kindNotConfigured(job: string, kind: string): GatehouseError {
  return new GatehouseError('KIND_NOT_CONFIGURED', `The job "${job}" has no ${kind} in its configuration.`, {
    context: { job, kind },
    hint: 'See docs/configuration.md for the keys of a job.',
  });
}
