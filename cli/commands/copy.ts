/** `gatehouse copy`: brings snapshots from another repository. */
import { Argument, type Command } from 'commander';
import { countOf } from '../../core/count.js';
import type { CopyEvent } from '../../gateway/commands/copy.js';
import { createContext } from '../context.js';
import { Pace } from '../pace.js';
import {
  openRepository,
  openSourceRepository,
  type PackFlags,
  type RepositoryFlags,
  type SourceFlags,
  withPackOptions,
  withRepositoryOptions,
  withSourceOptions,
} from '../repository-options.js';
import { formatBytes, type Terminal } from '../terminal.js';
import { type ThawFlags, thawPacks, withThawOptions } from '../thaw.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface Flags extends RepositoryFlags, PackFlags, SourceFlags, FilterFlags, ThawFlags {}

export function addCopy(program: Command): void {
  const command = withPackOptions(withRepositoryOptions(program.command('copy')));
  withThawOptions(withFilterOptions(withSourceOptions(command)))
    .description('copy snapshots from another repository')
    .addArgument(
      new Argument(
        '[snapshot...]',
        'ids in the source, or their beginnings; all that fit the filters if none',
      ),
    )
    .addHelpText(
      'after',
      '\nFor copies to share data with backups made here, create this repository with\n' +
        '"gatehouse init --copy-chunker-params --from-repo ...". What was copied before is passed over.',
    )
    .action(async (snapshots: string[], flags: Flags, command: Command) => {
      const context = createContext(command);
      const { terminal, signal } = context;
      const { copySnapshots } = await import('../../gateway/commands/copy.js');
      const source = await openSourceRepository(context, flags);
      try {
        const target = await openRepository(context, flags);
        try {
          const preparePacks = (packIds: readonly string[]) =>
            thawPacks(context, source.bucket, packIds, flags);
          const options = { snapshots, ...filterFrom(flags), preparePacks, signal };
          const show = eventShower(terminal, new Pace(context.clock));
          const result = await copySnapshots(source.repository, target.repository, options, show);
          terminal.endProgress();
          const { copied, skipped, blobs, sharesChunks } = result;
          if (terminal.json) {
            const counts = {
              copied_snapshots: copied.length,
              skipped_snapshots: skipped,
              copied_blobs: blobs,
            };
            terminal.printJson({ message_type: 'summary', ...counts, same_chunker_params: sharesChunks });
          } else
            terminal.print(
              `${countOf(copied.length, 'snapshot')} copied, ${skipped} passed over, ${countOf(blobs, 'blob')}.`,
            );
          if (!sharesChunks)
            terminal.note('The two repositories cut files differently: copies share no data with backups.');
        } finally {
          await target.lifetimes.close();
        }
      } finally {
        terminal.endProgress();
        await source.lifetimes.close();
      }
    });
}

function eventShower(terminal: Terminal, pace: Pace): (event: CopyEvent) => void {
  let bytes = 0;
  return (event) => {
    if (event.type === 'progress') {
      bytes += event.bytes;
      if (pace.due()) terminal.progress(`${formatBytes(bytes)} read`);
      return;
    }
    const id = event.snapshot.id.slice(0, 8);
    if (terminal.json) {
      if (event.type === 'copied')
        terminal.printJson({
          message_type: 'copied',
          old_snapshot_id: event.snapshot.id,
          new_snapshot_id: event.newId,
        });
    } else if (event.type === 'skipped')
      terminal.note(`${id} is here already, as ${event.existing.slice(0, 8)}.`);
    else if (event.type === 'started') terminal.note(`Copying ${id} ...`);
    else terminal.print(`${id} is ${event.newId.slice(0, 8)} here.`);
  };
}
