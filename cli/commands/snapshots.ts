/** `gatehouse snapshots`: what is in the repository. */
import { type Command, Option } from 'commander';
import type { StoredSnapshot } from '../../gateway/tree/snapshot.js';
import { createContext } from '../context.js';
import { append, count } from '../option-values.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { formatTable, type Terminal } from '../terminal.js';

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
}

export function addSnapshots(program: Command): void {
  withFilterOptions(withReaderOptions(program.command('snapshots')))
    .description('list the snapshots, oldest first')
    .addOption(new Option('--latest <n>', 'only the newest n of each host and set of paths').argParser(count))
    .action(async (flags: SnapshotFlags, command: Command) => {
      const context = createContext(command);
      const { listSnapshots } = await import('../../gateway/commands/snapshots.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      try {
        const snapshots = await listSnapshots(repository, {
          ...filterFrom(flags),
          ...(flags.latest === undefined ? {} : { latest: flags.latest }),
          signal: context.signal,
          onDamaged: (error) => context.log.error('passed over a damaged snapshot', { error }),
        });
        await show(context.terminal, snapshots);
      } finally {
        await lifetimes.close();
      }
    });
}

async function show(terminal: Terminal, snapshots: readonly StoredSnapshot[]): Promise<void> {
  const { shortTime, snapshotListing } = await import('../../gateway/commands/snapshots.js');
  const { encodeGoJson } = await import('../../gateway/repository/go-json.js');
  if (terminal.json) {
    terminal.print(encodeGoJson(snapshots.map(snapshotListing)));
    return;
  }
  if (snapshots.length === 0) {
    terminal.note('No snapshots. Make one: gatehouse backup PATH');
    return;
  }
  const rows = snapshots.map((snapshot) => [
    snapshot.id.slice(0, 8),
    shortTime(snapshot),
    snapshot.hostname,
    snapshot.tags.join(','),
    snapshot.paths.join(', '),
  ]);
  for (const line of formatTable([['ID', 'TIME (UTC)', 'HOST', 'TAGS', 'PATHS'], ...rows]))
    terminal.print(line);
  terminal.note(`${snapshots.length} snapshot(s)`);
}
