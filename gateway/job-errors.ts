/** What can go wrong with a backup job apart from the backup itself. */
import { GatehouseError, messageOf } from '../core/errors.js';

/** The password file of a job cannot be read or is empty. The user mends the path or its permissions. */
export function passwordFileUnreadable(filePath: string, cause: unknown): GatehouseError {
  return new GatehouseError(
    'PASSWORD_FILE',
    `Cannot take the password from ${filePath}: ${messageOf(cause)}.`,
    {
      context: { filePath },
      cause,
      hint: 'Check the path, that this user may read it, and that it is not empty.',
    },
  );
}

/** A repository that was there is gone. The user mounts the disk or mends the place; none is made anew by itself. */
export function repositoryGone(location: string, cause: unknown): GatehouseError {
  return new GatehouseError('REPOSITORY_GONE', `The repository in ${location} is no longer there.`, {
    context: { location },
    cause,
    hint: 'Mount the disk or check the bucket. To begin a new one there on purpose, run "gatehouse init".',
  });
}

/** A file that the gateway keeps for itself cannot be read. The user restores or removes it. */
export function stateDamaged(filePath: string, cause: unknown): GatehouseError {
  return new GatehouseError('STATE_DAMAGED', `Cannot read ${filePath}: ${messageOf(cause)}.`, {
    context: { filePath },
    cause,
    hint: 'Remove the file if all disks with repositories are mounted; the gateway writes it anew.',
  });
}
