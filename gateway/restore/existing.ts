/** What is at a place already, and what the rule for overwriting makes of it. Looks only. */
import { type BigIntStats, lstatSync, readlinkSync } from 'node:fs';
import { systemCode } from '../../core/errors.js';
import { fileFailed } from '../files/errors.js';
import type { TreeNode } from '../tree/node.js';
import { type Action, actions, type Kind, kinds, type OverwriteRule } from './kinds.js';

const formatMask = 0o170000n;

/** The kernel's format bits of what a plan makes. */
export const formatOfKind: Readonly<Record<Kind, number>> = {
  [kinds.folder]: 0o040000,
  [kinds.file]: 0o100000,
  [kinds.hardLink]: 0o100000,
  [kinds.symlink]: 0o120000,
  [kinds.fifo]: 0o010000,
  [kinds.socket]: 0o140000,
  [kinds.blockDevice]: 0o060000,
  [kinds.charDevice]: 0o020000,
};

/** Undefined when nothing is there. @throws FILE_FAILED. */
export function lookAt(path: Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    // A file above where a folder will be: nothing is there yet.
    if (systemCode(error) === 'ENOTDIR') return undefined;
    throw fileFailed(path, 'look at the file', error);
  }
}

/** Must what is there stay? Folders that are folders already are no conflict. */
export function mustStay(node: TreeNode, existing: BigIntStats, rule: OverwriteRule): boolean {
  if (rule === 'never') return true;
  return rule === 'if-newer' && node.mtimeNs <= existing.mtimeNs;
}

export function isFolder(existing: BigIntStats): boolean {
  return (existing.mode & formatMask) === BigInt(formatOfKind[kinds.folder]);
}

/**
 * What to do with a file: `metadata` when the rule trusts size and time and both fit, `update` when
 * its content is to be compared, `replace` when it is something else or has names that the snapshot
 * does not know, through which others would be changed.
 */
export function actionForFile(
  node: TreeNode,
  sizeBytes: number,
  existing: BigIntStats,
  rule: OverwriteRule,
): Action {
  if ((existing.mode & formatMask) !== BigInt(formatOfKind[kinds.file])) return actions.replace;
  if (existing.nlink > BigInt(Math.max(1, node.links))) return actions.replace;
  const unchanged = existing.size === BigInt(sizeBytes) && existing.mtimeNs === node.mtimeNs;
  return rule === 'if-changed' && unchanged ? actions.metadata : actions.update;
}

/** For links, fifos, sockets and devices. */
export function actionForSpecial(path: Buffer, kind: Kind, node: TreeNode, existing: BigIntStats): Action {
  if ((existing.mode & formatMask) !== BigInt(formatOfKind[kind])) return actions.replace;
  if (kind === kinds.symlink && !isLinkTo(path, node.linkTarget)) return actions.replace;
  const isDevice = kind === kinds.blockDevice || kind === kinds.charDevice;
  if (isDevice && existing.rdev !== node.device) return actions.replace;
  return actions.metadata;
}

function isLinkTo(path: Buffer, target: Buffer | undefined): boolean {
  try {
    return readlinkSync(path, { encoding: 'buffer' }).equals(target ?? Buffer.alloc(0));
  } catch {
    return false;
  }
}
