/**
 * Compares two folders to the last byte: content, type, mode, modification time in nanoseconds,
 * owner, link targets, extended attributes, devices, and which names share a file.
 */
import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { loadPosix, type Posix } from '../../gateway/files/posix.js';

export interface CompareOptions {
  /** Leave these properties out: what a program is known not to restore. */
  readonly ignore?: readonly ('owner' | 'attributes' | 'linkTime' | 'rootTime' | 'linkTarget')[];
}

/** One line per difference; empty when the trees are equal. */
export async function compareTrees(
  left: string | Buffer,
  right: string | Buffer,
  options: CompareOptions = {},
): Promise<string[]> {
  const [a, b] = [await describeTree(left, options), await describeTree(right, options)];
  const differences: string[] = [];
  for (const [name, line] of a) {
    const other = b.get(name);
    if (other === undefined) differences.push(`only left: ${JSON.stringify(name)}`);
    else if (other !== line) differences.push(`${JSON.stringify(name)}\n  left:  ${line}\n  right: ${other}`);
  }
  for (const name of b.keys()) if (!a.has(name)) differences.push(`only right: ${JSON.stringify(name)}`);
  return differences;
}

async function describeTree(root: string | Buffer, options: CompareOptions): Promise<Map<string, string>> {
  const posix = await loadPosix();
  const lines = new Map<string, string>();
  const shared = new Map<bigint, string>();
  const visit = async (path: Buffer, relative: string): Promise<void> => {
    const stat = lstatSync(path, { bigint: true });
    lines.set(relative, await describe(path, relative, stat, { posix, shared, options }));
    if (!stat.isDirectory()) return;
    const names = readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare);
    for (const name of names) {
      await visit(Buffer.concat([path, Buffer.from('/'), name]), `${relative}/${name.toString('latin1')}`);
    }
  };
  await visit(Buffer.from(root), '');
  return lines;
}

interface Context {
  readonly posix: Posix;
  readonly shared: Map<bigint, string>;
  readonly options: CompareOptions;
}

async function describe(
  path: Buffer,
  relative: string,
  stat: BigIntStats,
  context: Context,
): Promise<string> {
  const { posix, shared, options } = context;
  const ignored = (what: string) =>
    (options.ignore as readonly string[] | undefined)?.includes(what) ?? false;
  const hideTime = (stat.isSymbolicLink() && ignored('linkTime')) || (relative === '' && ignored('rootTime'));
  const parts = [
    `mode=${stat.mode.toString(8)}`,
    hideTime ? '' : `mtime=${stat.mtimeNs}`,
    ignored('owner') ? '' : `owner=${stat.uid}:${stat.gid}`,
    stat.isCharacterDevice() || stat.isBlockDevice() ? `device=${stat.rdev}` : '',
    stat.isSymbolicLink() && !ignored('linkTarget')
      ? `target=${readlinkSync(path, { encoding: 'buffer' }).toString('hex')}`
      : '',
    stat.isFile() ? `size=${stat.size} sha256=${await hashOf(path)}` : '',
    ignored('attributes') ? '' : attributesOf(path, posix),
    !stat.isDirectory() && stat.nlink > 1n ? `same as ${firstNameOf(stat.ino, relative, shared)}` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function firstNameOf(inode: bigint, relative: string, shared: Map<bigint, string>): string {
  const first = shared.get(inode) ?? relative;
  shared.set(inode, first);
  return JSON.stringify(first);
}

function attributesOf(path: Buffer, posix: Posix): string {
  return [...posix.listAttributes(path)]
    .sort(Buffer.compare)
    .map((name) => `${name.toString('latin1')}=${posix.getAttribute(path, name)?.toString('hex')}`)
    .join(' ');
}

async function hashOf(path: Buffer): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(piece as Buffer);
  return hash.digest('hex');
}
