/** Errors that the gateway raises on purpose; each states when, and what the user does. */
import { GatehouseError, messageOf, systemCode } from '../core/errors.js';

// Repository.

/** Raised when a repository is opened where there is none; the user checks the location or runs init. */
export function repositoryMissing(location: string): GatehouseError {
  return new GatehouseError('REPOSITORY_MISSING', `There is no repository in ${location}.`, {
    context: { location },
    hint: 'Check the location, or create a repository there with `gatehouse init`.',
  });
}

/** Raised when init finds a repository, or data of one; the user picks another place or opens it. */
export function repositoryExists(location: string, found: string): GatehouseError {
  return new GatehouseError('REPOSITORY_EXISTS', `There is a repository in ${location} already (${found}).`, {
    context: { location, found },
    hint: 'Use it with its password, or choose another folder or prefix.',
  });
}

/** Raised when no key file opens with the password; the user gives the right one. */
export function wrongPassword(location: string): GatehouseError {
  return new GatehouseError('WRONG_PASSWORD', `The password opens none of the keys of ${location}.`, {
    context: { location },
    hint: 'Check the password file; without the right password nothing in the repository can be read.',
  });
}

/** Raised for a format version that this program does not know; the user updates the program. */
export function repositoryVersionUnknown(version: number): GatehouseError {
  return new GatehouseError('REPOSITORY_VERSION', `The repository has format version ${version}.`, {
    context: { version },
    hint: 'This program knows versions 1 and 2; use a newer release of it or of restic.',
  });
}

/** Raised when stored bytes are not what was written; the user runs check, and keeps the bucket as it is. */
export function repositoryDamaged(what: string, why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('REPOSITORY_DAMAGED', `The ${what} is damaged: ${why}.`, {
    context: { what },
    cause,
    hint: 'Run a check that reads all data, and look at the disk or the storage service first.',
  });
}

/** Raised when a file that must be there is not; the user runs check. */
export function repositoryFileMissing(what: string): GatehouseError {
  return new GatehouseError('REPOSITORY_FILE_MISSING', `The ${what} is not in the repository.`, {
    context: { what },
    hint: 'Run check; another program may have removed it meanwhile.',
  });
}

/** Raised when the index lacks a blob that is asked for; the user runs check. */
export function blobMissing(type: string, id: string): GatehouseError {
  return new GatehouseError('BLOB_MISSING', `The index has no ${type} blob ${id}.`, {
    context: { type, id },
    hint: 'Run check to learn which snapshots are affected.',
  });
}

/** Raised when a snapshot id or its beginning matches nothing; the user lists the snapshots. */
export function snapshotUnknown(prefix: string): GatehouseError {
  return new GatehouseError('SNAPSHOT_UNKNOWN', `There is no snapshot ${prefix}.`, {
    context: { prefix },
    hint: 'List the snapshots and copy the id from there.',
  });
}

/** Raised when the beginning of an id matches several snapshots; the user gives more digits. */
export function snapshotAmbiguous(prefix: string, count: number): GatehouseError {
  return new GatehouseError('SNAPSHOT_AMBIGUOUS', `${count} snapshots begin with ${prefix}.`, {
    context: { prefix, count },
    hint: 'Give more digits of the id.',
  });
}

/** Raised when an id or its beginning matches no file of a kind; the user lists what there is. */
export function fileUnknown(kind: string, prefix: string): GatehouseError {
  return new GatehouseError('FILE_UNKNOWN', `There is no ${kind} ${prefix}.`, {
    context: { kind, prefix },
    hint: 'List the ids with `gatehouse list` and copy one from there.',
  });
}

/** Raised when the beginning of an id matches several files; the user gives more digits. */
export function fileAmbiguous(kind: string, prefix: string): GatehouseError {
  return new GatehouseError('FILE_AMBIGUOUS', `More than one ${kind} begins with ${prefix}.`, {
    context: { kind, prefix },
    hint: 'Give more digits of the id.',
  });
}

export interface LockDescription {
  readonly id: string;
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly ageSeconds: number;
}

/** Raised when another program's lock conflicts; the user waits for it, or unlocks if it is dead. */
export function repositoryLocked(holder: LockDescription): GatehouseError {
  const kind = holder.exclusive ? 'exclusively' : 'for shared use';
  return new GatehouseError(
    'LOCKED',
    `The repository is locked ${kind} by process ${holder.pid} of ${holder.username} on ${holder.hostname}, ` +
      `${holder.ageSeconds} seconds ago (lock ${holder.id.slice(0, 8)}).`,
    {
      context: { ...holder },
      hint: 'Wait until it has finished. If that process is dead, remove stale locks with unlock.',
    },
  );
}

/** Raised when a lock file cannot be read, so that nobody knows who holds it; the user unlocks. */
export function lockUnreadable(id: string, cause: unknown): GatehouseError {
  return new GatehouseError('LOCK_UNREADABLE', `The lock ${id.slice(0, 8)} cannot be read.`, {
    context: { id },
    cause,
    hint: 'If no other program uses the repository, remove all locks with unlock.',
  });
}

/** Raised when our own lock could not be refreshed in time; the user looks at the connection and runs again. */
export function lockLost(cause: unknown): GatehouseError {
  return new GatehouseError('LOCK_LOST', 'The lock on the repository could not be refreshed in time.', {
    cause,
    hint: 'Look at the connection to the bucket, then run again; what was uploaded is used again.',
  });
}

/** Raised when a repository is used after it was closed; a fault of the program. */
export function repositoryClosed(): GatehouseError {
  return new GatehouseError('REPOSITORY_CLOSED', 'The repository has been closed.', {
    hint: 'Report this with the log.',
  });
}

/** Raised when a blob does not open again right after sealing; the user tests the machine's memory. */
export function sealVerificationFailed(id: string): GatehouseError {
  return new GatehouseError('SEAL_VERIFICATION', `Blob ${id} did not open again after sealing.`, {
    context: { id },
    hint: 'Test this machine: its memory or processor makes mistakes. Nothing wrong was stored.',
  });
}

/** Raised when the key that is in use shall be removed; the user opens with another one, or uses passwd. */
export function keyInUse(id: string): GatehouseError {
  return new GatehouseError('KEY_IN_USE', `Key ${id.slice(0, 8)} is the one in use; it was not removed.`, {
    context: { id },
    hint: 'Run the command with another key’s password, or change this one’s with "key passwd".',
  });
}

/** Raised when a new key does not open again; nothing was removed, and the user looks at the storage. */
export function keyNotVerified(id: string): GatehouseError {
  return new GatehouseError('KEY_NOT_VERIFIED', `The new key ${id.slice(0, 8)} does not open again.`, {
    context: { id },
    hint: 'The old keys are as they were. Look at the storage, then try again.',
  });
}

/** Raised when the beginning of a key's id matches none or several; the user lists the keys. */
export function keyUnknown(prefix: string, count: number): GatehouseError {
  const what = count === 0 ? 'No key begins' : `${count} keys begin`;
  return new GatehouseError('KEY_UNKNOWN', `${what} with ${JSON.stringify(prefix)}.`, {
    context: { prefix, count },
    hint: 'List the keys with "key list" and copy the id from there.',
  });
}

/** Raised when the place for spool files cannot be written to; the user makes room or names another one. */
export function spoolUnusable(folder: string, cause: unknown): GatehouseError {
  const reason = systemCode(cause) ?? messageOf(cause);
  const full = reason === 'ENOSPC' || reason === 'EDQUOT' ? ': no room is left' : '';
  return new GatehouseError(
    'SPOOL_UNUSABLE',
    `Temporary files cannot be written in ${folder}${full} (${reason}).`,
    {
      cause,
      context: { folder, reason },
      hint: 'Packs wait there for their upload: make room, or name another place with TMPDIR. What was stored is used again.',
    },
  );
}
