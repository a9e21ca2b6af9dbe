/** `gatehouse stats`: how much a set of snapshots holds. */
import { Argument, type Command, Option } from 'commander';
import type { StatsMode, StatsResult } from '../../gateway/commands/stats.js';
import { tellBrokenTrees } from '../broken-trees.js';
import { createContext } from '../context.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { formatBytes, type Terminal } from '../terminal.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface StatsFlags extends RepositoryFlags, FilterFlags {
  readonly mode: StatsMode;
}

const help = `
Modes:
  restore-size       what a restore of each snapshot would write
  files-by-contents  files of the same content counted once
  blobs-per-file     the same, their blobs counted once for every path
  raw-data           blobs counted once, as they lie in the repository`;

export function addStats(program: Command): void {
  withFilterOptions(withReaderOptions(program.command('stats')))
    .description('count what snapshots hold, before and after deduplication')
    .addArgument(new Argument('[snapshots...]', '"latest", ids or their beginnings (default: all)'))
    .addOption(
      new Option('--mode <mode>', 'how to count')
        .choices(['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data'])
        .default('restore-size'),
    )
    .addHelpText('after', help)
    .action(async (snapshots: string[], flags: StatsFlags, command: Command) => {
      const context = createContext(command);
      const { stats } = await import('../../gateway/commands/stats.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      try {
        const options = {
          ...filterFrom(flags),
          snapshots,
          mode: flags.mode,
          signal: context.signal,
          onDamaged: (error: unknown) => context.log.error('passed over a damaged snapshot', { error }),
        };
        const result = await stats(repository, options, tellBrokenTrees(context));
        if (context.terminal.json) context.terminal.printJson(result);
        else show(context.terminal, flags.mode, result);
      } finally {
        await lifetimes.close();
      }
    });
}

function show(terminal: Terminal, mode: StatsMode, result: StatsResult): void {
  const line = (title: string, value: string | number | undefined) => {
    if (value !== undefined) terminal.print(`${title.padStart(26)}  ${value}`);
  };
  const percent = (value: number | undefined) => (value === undefined ? undefined : `${value.toFixed(2)}%`);
  const ratio = result.compression_ratio;
  const plain = result.total_uncompressed_size;
  terminal.print(`Stats in ${mode} mode:`);
  line('Snapshots processed:', result.snapshots_count);
  line('Total Blob Count:', result.total_blob_count);
  line('Total File Count:', result.total_file_count);
  line('Total Uncompressed Size:', plain === undefined ? undefined : formatBytes(plain));
  line('Total Size:', formatBytes(result.total_size));
  line('Compression Progress:', percent(result.compression_progress));
  line('Compression Ratio:', ratio === undefined ? undefined : `${ratio.toFixed(2)}x`);
  line('Compression Space Saving:', percent(result.compression_space_saving));
}
