/** What can go wrong with single entries of a restore, and with its options. */
import { GatehouseError } from '../../core/errors.js';
import { displayPath } from '../files/path-bytes.js';

/** An entry of the snapshot has values that no file can have. It is left out; the user distrusts the writer. */
export function entryImpossible(path: Buffer, why: string): GatehouseError {
  const shown = displayPath(path);
  return new GatehouseError('ENTRY_IMPOSSIBLE', `/${shown} cannot be restored: ${why}.`, {
    context: { path: shown },
    hint: 'Whoever wrote this snapshot has made an error or meant harm; other entries are not affected.',
  });
}

/** The target is no folder. The user names another one. */
export function targetNoFolder(target: string): GatehouseError {
  return new GatehouseError('TARGET_NO_FOLDER', `${target} is there and is no folder.`, {
    context: { target },
    hint: 'Name a folder, or a place where nothing is yet.',
  });
}

/** --delete with the whole file system as its target. The user narrows it down. */
export function deleteEverywhere(): GatehouseError {
  return new GatehouseError('DELETE_TOO_WIDE', 'Deleting in / needs to be told where.', {
    hint: 'Add --include for the folders in which files may be deleted, and look with --dry-run first.',
  });
}

/** The disk is full; nothing more can be written. The user makes room and runs the restore again. */
export function targetFull(target: string, cause: unknown): GatehouseError {
  return new GatehouseError('TARGET_FULL', `There is no room left in ${target}.`, {
    cause,
    context: { target },
    hint: 'Make room and run the same restore again: what is right already is not fetched again.',
  });
}
