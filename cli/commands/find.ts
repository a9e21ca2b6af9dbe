/** `gatehouse find`: in which snapshots a file is, or what uses a blob, a tree or a pack. */
import { Argument, type Command, Option } from 'commander';
import type { FoundObject } from '../../gateway/commands/find-objects.js';
import type { FoundNode } from '../../gateway/commands/listed-node.js';
import type { BlobPlace } from '../../gateway/repository/blob-index.js';
import type { StoredSnapshot } from '../../gateway/tree/snapshot.js';
import { tellBrokenTrees } from '../broken-trees.js';
import { type Context, createContext } from '../context.js';
import { usageError } from '../exit-code.js';
import { append, pointInTime } from '../option-values.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface FindFlags extends RepositoryFlags, FilterFlags {
  readonly ignoreCase?: boolean;
  readonly long?: boolean;
  readonly oldest?: bigint;
  readonly newest?: bigint;
  readonly snapshot?: readonly string[];
  readonly blob?: boolean;
  readonly tree?: boolean;
  readonly pack?: boolean;
  readonly showPackId?: boolean;
}

const help = `
Patterns are those of --exclude: *.jpg anywhere, /home/*/notes from the top; what lies below a match
is listed too.

Examples:
  gatehouse find -r s3://bucket/nas 'report*.pdf' --oldest 2026-01-01
  gatehouse find -r /mnt/repo --blob 420f620f --show-pack-id`;

export function addFind(program: Command): void {
  withFilterOptions(withReaderOptions(program.command('find')))
    .description('find files in snapshots, or what uses a blob')
    .addArgument(new Argument('<patterns...>', 'patterns, or ids with --blob, --tree and --pack'))
    .addOption(new Option('-i, --ignore-case', 'upper and lower case are one'))
    .addOption(new Option('-l, --long', 'with permissions, owner, size and time'))
    .addOption(
      new Option('-O, --oldest <time>', 'only what was modified then or later').argParser(pointInTime),
    )
    .addOption(
      new Option('-N, --newest <time>', 'only what was modified then or earlier').argParser(pointInTime),
    )
    .addOption(new Option('-s, --snapshot <id>', 'only in this snapshot (may be repeated)').argParser(append))
    .addOption(new Option('--blob', 'ids of blobs: which files hold them'))
    .addOption(new Option('--tree', 'ids of trees: which folders they are'))
    .addOption(new Option('--pack', 'ids of packs: which files and folders are in them'))
    .addOption(new Option('--show-pack-id', 'with --blob and --tree: in which pack it lies'))
    .addHelpText('after', help)
    .action(async (patterns: string[], flags: FindFlags, command: Command) => {
      const context = createContext(command);
      const kinds = (['blob', 'tree', 'pack'] as const).filter((kind) => flags[kind]);
      if (kinds.length > 1)
        throw usageError('Of --blob, --tree and --pack one only.', 'Search one after the other.');
      const [kind] = kinds;
      if (kind === undefined) await findFiles(context, patterns, flags);
      else await findUses(context, kind, patterns, flags);
    });
}

function choice(context: Context, flags: FindFlags) {
  return {
    ...filterFrom(flags),
    ...(flags.snapshot === undefined ? {} : { snapshots: flags.snapshot }),
    signal: context.signal,
    onDamaged: (error: unknown) => context.log.error('passed over a damaged snapshot', { error }),
  };
}

async function findFiles(context: Context, patterns: readonly string[], flags: FindFlags): Promise<void> {
  const { find } = await import('../../gateway/commands/find.js');
  const { longLine } = await import('../../gateway/commands/listed-node.js');
  const { encodeGoJson } = await import('../../gateway/repository/go-json.js');
  const { terminal } = context;
  const { repository, lifetimes } = await openRepository(context, flags);
  let current: StoredSnapshot | undefined;
  let group: FoundNode[] = [];
  const groups: string[] = [];
  const endGroup = () => {
    if (current === undefined) return;
    groups.push(
      encodeGoJson({ matches: group.map((node) => ({ ...node })), hits: group.length, snapshot: current.id }),
    );
    group = [];
  };
  const onMatch = (snapshot: StoredSnapshot, node: FoundNode) => {
    if (terminal.json) {
      if (snapshot !== current) endGroup();
      group.push(node);
    } else {
      if (snapshot !== current) terminal.print(heading(snapshot, current === undefined));
      terminal.print(flags.long ? longLine(node) : node.path);
    }
    current = snapshot;
  };
  const options = {
    ...choice(context, flags),
    patterns,
    ignoreCase: flags.ignoreCase ?? false,
    ...(flags.oldest === undefined ? {} : { oldestNs: flags.oldest }),
    ...(flags.newest === undefined ? {} : { newestNs: flags.newest }),
  };
  try {
    const count = await find(repository, options, onMatch, tellBrokenTrees(context));
    endGroup();
    if (terminal.json) terminal.print(`[${groups.join(',')}]`);
    else if (count === 0) terminal.note('Nothing found.');
  } finally {
    await lifetimes.close();
  }
}

function heading(snapshot: StoredSnapshot, isFirst: boolean): string {
  const time = new Date(Number(snapshot.timeNs / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ');
  return `${isFirst ? '' : '\n'}Found matching entries in snapshot ${snapshot.id.slice(0, 8)} from ${time}`;
}

async function findUses(
  context: Context,
  kind: 'blob' | 'tree' | 'pack',
  ids: readonly string[],
  flags: FindFlags,
): Promise<void> {
  const { findObjects } = await import('../../gateway/commands/find-objects.js');
  const { terminal } = context;
  const { repository, lifetimes } = await openRepository(context, flags);
  const all: FoundObject[] = [];
  const onFound = (found: FoundObject, place: BlobPlace | undefined) => {
    if (terminal.json) all.push(found);
    else for (const line of linesOf(found, flags.showPackId ? place : undefined)) terminal.print(line);
  };
  try {
    const options = { ...choice(context, flags), kind, ids };
    const count = await findObjects(repository, options, onFound, tellBrokenTrees(context));
    if (terminal.json) terminal.printJson(all);
    else if (count === 0) terminal.note('Nothing found.');
  } finally {
    await lifetimes.close();
  }
}

function linesOf(found: FoundObject, place: BlobPlace | undefined): string[] {
  const isBlob = found.object_type === 'blob';
  const time = found.time.slice(0, 19).replace('T', ' ');
  const lines = [
    `Found ${found.object_type} ${found.id}`,
    isBlob ? ` ... in file ${found.path}` : ` ... path ${found.path}`,
    ...(isBlob ? [`     (tree ${found.parent_tree})`] : []),
    ` ... in snapshot ${found.snapshot.slice(0, 8)} (${time})`,
  ];
  if (place === undefined) return lines;
  const plain = place.uncompressedLength === 0 ? '' : `, uncompressed length ${place.uncompressedLength}`;
  return [
    ...lines,
    `Object belongs to pack ${place.packId}`,
    ` ... offset ${place.offset}, length ${place.length}${plain}`,
  ];
}
