/**
 * Deletes what the snapshot does not have. Goes through real folders only, never through links, and
 * never into another file system; what the selection does not take stays, with the folders above it.
 */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { systemCode } from '../../core/errors.js';
import type { Selection } from '../commands/snapshot-walk.js';
import { fileFailed } from '../files/errors.js';
import { joinPath, pathComponents, toLossless } from '../files/path-bytes.js';
import type { Deletion } from './plan.js';

/** @throws FILE_FAILED. */
export function deleteExtra(target: Buffer, { path }: Deletion, selection: Selection): void {
  const place = joinPath(target, path);
  try {
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) deleteFolder(target, path, selection, stat.dev);
    else unlinkSync(place);
  } catch (error) {
    throw fileFailed(place, 'delete it', error);
  }
}

function deleteFolder(target: Buffer, top: Buffer, selection: Selection, device: number): void {
  const pending: { path: Buffer; names: Buffer[] }[] = [open(target, top)];
  for (let folder = pending.at(-1); folder !== undefined; folder = pending.at(-1)) {
    const name = folder.names.pop();
    if (name === undefined) {
      pending.pop();
      removeIfEmpty(joinPath(target, folder.path), folder.path, selection);
      continue;
    }
    const path = joinPath(folder.path, name);
    const place = joinPath(target, path);
    const stat = lstatSync(place, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) {
      if (stat.dev === device && wanted(path, selection).childMayBeSelected) pending.push(open(target, path));
    } else if (stat !== undefined && wanted(path, selection).selected) unlinkSync(place);
  }
}

function open(target: Buffer, path: Buffer) {
  return { path, names: readdirSync(joinPath(target, path), { encoding: 'buffer' }) };
}

function wanted(path: Buffer, selection: Selection) {
  return selection.decide(pathComponents(path).map(toLossless));
}

function removeIfEmpty(place: Buffer, path: Buffer, selection: Selection): void {
  if (!wanted(path, selection).selected) return;
  try {
    rmdirSync(place);
  } catch (error) {
    // Something in it was to stay.
    if (!['ENOTEMPTY', 'EEXIST', 'EBUSY'].includes(systemCode(error) ?? '')) throw error;
  }
}
