/** What can go wrong with a command as a whole; single files are reported through events. */
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';

/** No path was given, or none of those given can be read. The user names what to back up. */
export function nothingToBackUp(paths: readonly string[]): GatehouseError {
  const which = paths.length === 0 ? 'No path was given' : `None of these can be read: ${paths.join(', ')}`;
  return new GatehouseError('NOTHING_TO_BACK_UP', `${which}.`, {
    context: { paths: paths.length },
    hint: 'Name at least one existing file or folder.',
  });
}

/** The folder after the colon is not in the snapshot. The user lists what the snapshot holds. */
export function noSuchFolder(snapshotId: string, path: string): GatehouseError {
  return new GatehouseError('PATH_NOT_IN_SNAPSHOT', `Snapshot ${snapshotId} has no folder ${path}.`, {
    context: { snapshotId, path },
    hint: 'List its contents with "gatehouse ls".',
  });
}

/** A stored name would lead out of the folder that is restored. Never restored; the user distrusts the writer. */
export function hostileName(name: string): GatehouseError {
  return new GatehouseError('HOSTILE_NAME', `The name ${JSON.stringify(name)} is refused.`, {
    context: { name },
    hint: 'Whoever wrote this snapshot had write access and meant harm, or its record is damaged.',
  });
}

/** The value of --read-data-subset is neither n/t, a percentage nor a size. The user mends it. */
export function subsetMalformed(text: string): GatehouseError {
  return new GatehouseError('SUBSET_MALFORMED', `"${text}" names no part of the packs.`, {
    context: { text },
    hint: 'Write n/t with 1 <= n <= t <= 256, such as 1/7, a percentage such as 5%, or a size such as 500M.',
  });
}

/** A file that was just restored reads back otherwise. The user checks the disk and restores again. */
export function restoredDiffers(path: string): GatehouseError {
  return new GatehouseError('RESTORED_DIFFERS', `${path} does not read back as it was stored.`, {
    context: { path },
    hint: 'Check the target disk, then restore again.',
  });
}

/** A size or share on the command line cannot be read. The user mends it. */
export function limitMalformed(text: string): GatehouseError {
  return new GatehouseError('LIMIT_MALFORMED', `"${text}" is no size that is understood.`, {
    context: { text },
    hint: 'Write a size such as 500M or 2G, or where a share is allowed 5% or unlimited.',
  });
}

/** No rule says what to keep. Nothing is removed; the user gives a --keep rule or snapshot ids. */
export function nothingToKeep(): GatehouseError {
  return new GatehouseError(
    'KEEP_POLICY_EMPTY',
    'No rule says which snapshots to keep; nothing was removed.',
    {
      hint: 'Give a rule such as --keep-daily 14, or the ids of the snapshots to remove.',
    },
  );
}

/** Removing everything was asked for without naming of what. The user adds a filter. */
export function removeAllUnfiltered(): GatehouseError {
  return new GatehouseError('REMOVE_ALL_UNFILTERED', 'Removing all snapshots needs a filter.', {
    hint: 'Add --host, --tag or --path to say whose snapshots shall all go.',
  });
}

/** A policy would leave nothing of a group. Nothing is removed; the user loosens the policy or insists. */
export function wouldRemoveAll(group: string): GatehouseError {
  return new GatehouseError('WOULD_REMOVE_ALL', `The policy would remove every snapshot of ${group}.`, {
    context: { group },
    hint: 'Keep at least one, or add --unsafe-allow-remove-all if that is what you want.',
  });
}

/** Snapshots need blobs that the index lacks. Prune stops; the user repairs the index first. */
export function usedBlobsMissing(count: number, some: readonly string[]): GatehouseError {
  return new GatehouseError(
    'USED_BLOBS_MISSING',
    `${count} references of snapshots lead to blobs that the index lacks (${some.slice(0, 3).join(', ')}); nothing was removed.`,
    {
      context: { count, blobs: some.join(', ') },
      hint: 'Run check, then repair the index; prune removes nothing before that.',
    },
  );
}

/** Packs with needed blobs are gone or have another size. Prune stops; the user checks and repairs. */
export function packsNotAsIndexed(
  what: 'missing' | 'of the wrong size',
  packIds: readonly string[],
): GatehouseError {
  return new GatehouseError(
    'PACKS_NOT_AS_INDEXED',
    `${packIds.length} packs with needed blobs are ${what} (${packIds[0] ?? ''}); nothing was removed.`,
    {
      context: { packs: packIds.join(', ') },
      hint: 'Run check, look at the storage, then repair the index; prune removes nothing before that.',
    },
  );
}

/** A snapshot file has no bytes, so that nobody knows what it needs. Prune stops; the user forgets it. */
export function snapshotEmpty(id: string): GatehouseError {
  return new GatehouseError('SNAPSHOT_EMPTY', `Snapshot file ${id} is empty; nothing was removed.`, {
    context: { id },
    hint: 'A write was cut short. If the file cannot be brought back, remove it, then prune again.',
  });
}

/** The word that confirms an unsafe recovery is not the repository's id. The user copies it from here. */
export function recoveryUnconfirmed(repositoryId: string): GatehouseError {
  return new GatehouseError('RECOVERY_UNCONFIRMED', 'The unsafe recovery was not confirmed.', {
    context: { repositoryId },
    hint: `Try "prune --max-repack-size 0" first. To go on, give the repository's id: ${repositoryId}.`,
  });
}

/** No change of tags was asked for, or two that exclude each other. The user says what to change. */
export function tagsUnchanged(isBoth: boolean): GatehouseError {
  const what = isBoth ? 'Tags cannot be set and changed at once.' : 'No change of tags was asked for.';
  return new GatehouseError('TAGS_UNCHANGED', what, {
    hint: 'Give --set, or else --add and --remove.',
  });
}

/** A folder's record names something twice, so that one would be written over or through the other. */
export function repeatedName(name: string): GatehouseError {
  return new GatehouseError('NAME_REPEATED', `The name ${JSON.stringify(name)} is in its folder twice.`, {
    context: { name },
    hint: 'Whoever wrote this snapshot meant harm, or its record is damaged; the first of them is used.',
  });
}

/** A folder's record is larger than any real folder's. The user distrusts the writer. */
export function treeTooLarge(id: string): GatehouseError {
  return new GatehouseError('TREE_TOO_LARGE', `The folder record ${id} is larger than any folder can be.`, {
    context: { id },
    hint: 'Whoever wrote this snapshot meant harm; use another one.',
  });
}

/** A few records that name one another stand for more folders than fit anywhere. The user distrusts the writer. */
export function treeExplodes(): GatehouseError {
  return new GatehouseError(
    'TREE_EXPLODES',
    'The snapshot repeats a few folders more than a hundred thousand times.',
    {
      hint: 'Whoever wrote this snapshot meant harm; restore what you need of it with --include.',
    },
  );
}

/** Folders lie in one another deeper than any system can reach. What is below is passed over; the user distrusts the writer. */
export function pathTooDeep(): GatehouseError {
  return new GatehouseError('PATH_TOO_DEEP', 'Its path is longer than any that a system can open.', {
    hint: 'Whoever wrote this snapshot meant harm; what lies higher is not affected.',
  });
}

/** No pack in the index has an id that begins so. The user takes ids from "list packs". */
export function packUnknown(ids: readonly string[]): GatehouseError {
  return new GatehouseError('PACK_UNKNOWN', `The index names no pack ${ids.join(', ')}.`, {
    context: { ids: ids.join(',') },
    hint: 'List the packs with "gatehouse list packs".',
  });
}

/** Nothing was asked to be left out or changed. The user says what. */
export function nothingToRewrite(): GatehouseError {
  return new GatehouseError('NOTHING_TO_REWRITE', 'Nothing is to be left out or changed.', {
    hint: 'Give --exclude patterns, --new-host or --new-time.',
  });
}

/** The migration is unknown, or the repository has it behind itself. The user lists what there is. */
export function migrationNotApplicable(name: string): GatehouseError {
  return new GatehouseError('MIGRATION_NOT_APPLICABLE', `The migration ${name} cannot be applied here.`, {
    context: { name },
    hint: 'Run "gatehouse migrate" without a name to see which can.',
  });
}

/** A check before a migration found damage. The user repairs the repository first. */
export function migrationRefused(errors: number): GatehouseError {
  return new GatehouseError(
    'MIGRATION_REFUSED',
    `The repository has ${errors} errors; it was left as it is.`,
    {
      context: { errors },
      hint: 'Run check, repair what it finds, then migrate.',
    },
  );
}

/** The path is not in the snapshot, or is neither a file nor a folder. The user lists what the snapshot holds. */
export function noSuchFile(snapshotId: string, path: string): GatehouseError {
  return new GatehouseError('PATH_NOT_IN_SNAPSHOT', `Snapshot ${snapshotId} has no file or folder ${path}.`, {
    context: { snapshotId, path },
    hint: 'List its contents with "gatehouse ls".',
  });
}

/** Whoever reads what we write has gone, or the file cannot be written. The user looks there. */
export function outputFailed(cause: Error): GatehouseError {
  const reason = systemCode(cause) ?? messageOf(cause);
  return new GatehouseError('OUTPUT_FAILED', `The output cannot be written (${reason}).`, {
    cause,
    context: { reason },
    hint: 'Look at the program or the file that takes the output, then run it again.',
  });
}
