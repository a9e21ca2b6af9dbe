/** `gatehouse snapshots`: what is in the repository. */
import { Argument, type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import type { Grouping } from '../../gateway/retention/grouping.js';
import type { StoredSnapshot } from '../../gateway/tree/snapshot.js';
import { createContext } from '../context.js';
import { append, count, grouping } from '../option-values.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { formatBytes, formatTable, type Terminal } from '../terminal.js';

export interface FilterFlags {
  readonly host?: readonly string[];
  readonly path?: readonly string[];
  readonly tag?: readonly string[];
}

/** The options with which snapshots are chosen. */
export function withFilterOptions(command: Command): Command {
  return command
    .addOption(new Option('-H, --host <name>', 'only of this host (may be repeated)').argParser(append))
    .addOption(new Option('--path <path>', 'only with this path (may be repeated)').argParser(append))
    .addOption(
      new Option('--tag <tags>', 'only with these tags, "a,b" for both (may be repeated)').argParser(append),
    );
}

export function filterFrom(flags: FilterFlags) {
  return {
    ...(flags.host === undefined ? {} : { hosts: flags.host }),
    ...(flags.path === undefined ? {} : { paths: flags.path }),
    ...(flags.tag === undefined ? {} : { tags: flags.tag }),
  };
}

interface SnapshotFlags extends RepositoryFlags, FilterFlags {
  readonly latest?: number;
  readonly groupBy?: Grouping;
  readonly compact?: boolean;
  readonly long?: boolean;
}

export function addSnapshots(program: Command): void {
  withFilterOptions(withReaderOptions(program.command('snapshots')))
    .description('list the snapshots, oldest first')
    .addArgument(new Argument('[snapshots...]', '"latest", ids or their beginnings (default: all)'))
    .addOption(
      new Option(
        '--latest <n>',
        'only the newest n of each host and set of paths, or of each group',
      ).argParser(count),
    )
    .addOption(new Option('-g, --group-by <group>', 'a list for each: host, paths, tags').argParser(grouping))
    .addOption(new Option('-c, --compact', 'without paths'))
    .addOption(new Option('-l, --long', 'with whole ids, user and program'))
    .action(async (snapshots: string[], flags: SnapshotFlags, command: Command) => {
      const context = createContext(command);
      const { chooseSnapshots } = await import('../../gateway/commands/snapshots.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      try {
        const found = await chooseSnapshots(repository, {
          ...filterFrom(flags),
          snapshots,
          ...(flags.latest === undefined || flags.groupBy !== undefined ? {} : { latest: flags.latest }),
          signal: context.signal,
          onDamaged: (error) => context.log.error('passed over a damaged snapshot', { error }),
        });
        if (flags.groupBy === undefined) await showAll(context.terminal, found, flags);
        else await showGroups(context.terminal, found, flags.groupBy, flags);
      } finally {
        await lifetimes.close();
      }
    });
}

async function showAll(
  terminal: Terminal,
  snapshots: readonly StoredSnapshot[],
  flags: SnapshotFlags,
): Promise<void> {
  const { snapshotListing } = await import('../../gateway/commands/snapshots.js');
  const { encodeGoJson } = await import('../../gateway/repository/go-json.js');
  if (terminal.json) {
    terminal.print(encodeGoJson(snapshots.map(snapshotListing)));
    return;
  }
  if (snapshots.length === 0) {
    terminal.note('No snapshots. Make one: gatehouse backup PATH');
    return;
  }
  await showTable(terminal, snapshots, flags);
}

async function showGroups(
  terminal: Terminal,
  snapshots: readonly StoredSnapshot[],
  by: Grouping,
  flags: SnapshotFlags,
): Promise<void> {
  const { snapshotListing } = await import('../../gateway/commands/snapshots.js');
  const { groupSnapshots } = await import('../../gateway/retention/grouping.js');
  const { encodeGoJson } = await import('../../gateway/repository/go-json.js');
  const groups = groupSnapshots(snapshots, by).map((group) => ({
    ...group,
    snapshots: flags.latest === undefined ? group.snapshots : group.snapshots.slice(-flags.latest),
  }));
  if (terminal.json) {
    const values = groups.map(({ host, paths = null, tags = null, snapshots: members }) => ({
      group_key: { hostname: host, paths, tags },
      snapshots: members.map(snapshotListing),
    }));
    terminal.print(encodeGoJson(values));
    return;
  }
  for (const { host, paths, tags, snapshots: members } of groups) {
    const key = [
      ...(by.host ? [`host [${host}]`] : []),
      ...(tags === undefined ? [] : [`tags [${tags.join(', ')}]`]),
      ...(paths === undefined ? [] : [`paths [${paths.join(', ')}]`]),
    ];
    terminal.print(key.length === 0 ? 'snapshots:' : `snapshots for (${key.join(', ')}):`);
    await showTable(terminal, members, flags);
  }
}

async function showTable(
  terminal: Terminal,
  snapshots: readonly StoredSnapshot[],
  flags: SnapshotFlags,
): Promise<void> {
  const { shortTime } = await import('../../gateway/commands/snapshots.js');
  const hasSize = snapshots.some(({ summary }) => summary !== undefined);
  const sizeOf = ({ summary }: StoredSnapshot) =>
    summary === undefined ? '' : formatBytes(summary.total_bytes_processed);
  const rows = snapshots.map((snapshot) => [
    flags.long ? snapshot.id : snapshot.id.slice(0, 8),
    shortTime(snapshot),
    snapshot.hostname,
    snapshot.tags.join(','),
    ...(flags.long ? [snapshot.username, snapshot.programVersion] : []),
    ...(hasSize ? [sizeOf(snapshot)] : []),
    ...(flags.compact ? [] : [snapshot.paths.join(', ')]),
  ]);
  const heading = [
    'ID',
    'TIME (UTC)',
    'HOST',
    'TAGS',
    ...(flags.long ? ['USER', 'PROGRAM'] : []),
    ...(hasSize ? ['SIZE'] : []),
    ...(flags.compact ? [] : ['PATHS']),
  ];
  for (const line of formatTable([heading, ...rows])) terminal.print(line);
  terminal.note(countOf(snapshots.length, 'snapshot'));
}
