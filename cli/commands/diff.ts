/** `gatehouse diff`: what differs between two snapshots. */
import { Argument, type Command, Option } from 'commander';
import type { DiffCounts, DiffStatistics } from '../../gateway/commands/diff.js';
import { tellBrokenTrees } from '../broken-trees.js';
import { createContext } from '../context.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { formatBytes, type Terminal } from '../terminal.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface DiffFlags extends RepositoryFlags, FilterFlags {
  readonly metadata?: boolean;
}

const help = `
Marks: + added, - removed, M content changed, U metadata changed, T type changed.

Example:
  gatehouse diff -r /mnt/repo 4838369d:/home latest:/home --metadata`;

export function addDiff(program: Command): void {
  withFilterOptions(withReaderOptions(program.command('diff')))
    .description('show what differs between two snapshots')
    .addArgument(new Argument('<from>', '"latest", an id or its beginning, or ID:FOLDER'))
    .addArgument(new Argument('<to>', 'the same'))
    .addOption(new Option('--metadata', 'changes of metadata alone too'))
    .addHelpText('after', help)
    .action(async (from: string, to: string, flags: DiffFlags, command: Command) => {
      const context = createContext(command);
      const { terminal } = context;
      const { diff } = await import('../../gateway/commands/diff.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      try {
        if (!terminal.json) terminal.note(`comparing snapshot ${from} to ${to}:`);
        const metadata = flags.metadata ?? false;
        const options = { from, to, metadata, signal: context.signal, ...filterFrom(flags) };
        const statistics = await diff(
          repository,
          options,
          (change) => {
            if (terminal.json) terminal.printJson(change);
            else terminal.print(`${change.modifier.padEnd(4)} ${change.path}`);
          },
          tellBrokenTrees(context),
        );
        show(terminal, statistics);
      } finally {
        await lifetimes.close();
      }
    });
}

function show(terminal: Terminal, statistics: DiffStatistics): void {
  if (terminal.json) {
    terminal.printJson(statistics);
    return;
  }
  const { added, removed, changed_files } = statistics;
  const line = (title: string, key: keyof DiffCounts, rest = '') =>
    terminal.print(`${title.padEnd(12)} ${count(added[key])} new, ${count(removed[key])} removed${rest}`);
  terminal.print('');
  line('Files:', 'files', `, ${count(changed_files)} changed`);
  line('Dirs:', 'dirs');
  line('Others:', 'others');
  line('Data Blobs:', 'data_blobs');
  line('Tree Blobs:', 'tree_blobs');
  terminal.print(`  Added:   ${formatBytes(added.bytes)}`);
  terminal.print(`  Removed: ${formatBytes(removed.bytes)}`);
}

function count(value: number): string {
  return String(value).padStart(5);
}
