/** `gatehouse restore`: a snapshot, or a part of it, back to disk. */
import { Argument, type Command, Option } from 'commander';
import type { Clock } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import type { RestoreEvent, RestoreResult } from '../../gateway/commands/restore-types.js';
import { complain } from '../complain.js';
import { createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { append } from '../option-values.js';
import { Pace } from '../pace.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { formatBytes, formatDuration, progressBar, type Terminal } from '../terminal.js';
import { type ThawFlags, thawPacks, withThawOptions } from '../thaw.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface RestoreFlags extends RepositoryFlags, FilterFlags, ThawFlags {
  readonly target: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly sparse: boolean;
  readonly verify?: boolean;
}

export function addRestore(program: Command): void {
  withThawOptions(withFilterOptions(withReaderOptions(program.command('restore'))))
    .description('restore a snapshot, or a part of it')
    .addArgument(new Argument('<snapshot>', '"latest", an id or its beginning, or ID:FOLDER'))
    .addOption(new Option('-t, --target <dir>', 'where to restore to').makeOptionMandatory())
    .addOption(new Option('-i, --include <pattern>', 'only what matches (may be repeated)').argParser(append))
    .addOption(
      new Option('-e, --exclude <pattern>', 'all but what matches (may be repeated)').argParser(append),
    )
    .addOption(new Option('--no-sparse', 'write zeros instead of leaving holes'))
    .addOption(new Option('--verify', 'read the restored files again and compare'))
    .action(async (snapshot: string, flags: RestoreFlags, command: Command) => {
      const context = createContext(command);
      const { terminal, clock } = context;
      const { restore } = await import('../../gateway/commands/restore.js');
      const { repository, bucket, lifetimes } = await openRepository(context, flags);
      const display = new RestoreDisplay(terminal, clock);
      try {
        const result = await restore(
          repository,
          {
            snapshot,
            target: flags.target,
            clock,
            signal: context.signal,
            preparePacks: (packIds) => thawPacks(context, bucket, packIds, flags),
            ...filterFrom(flags),
            ...(flags.include === undefined ? {} : { includes: flags.include }),
            ...(flags.exclude === undefined ? {} : { excludes: flags.exclude }),
            sparse: flags.sparse,
            verify: flags.verify ?? false,
          },
          (event) => display.show(event),
        );
        display.finish(result, flags.target);
        if (result.errorCount > 0) context.setExitCode(exitCodes.failed);
      } finally {
        terminal.endProgress();
        await lifetimes.close();
      }
    });
}

class RestoreDisplay {
  readonly #terminal: Terminal;
  readonly #pace: Pace;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#pace = new Pace(clock);
  }

  show(event: RestoreEvent): void {
    if (event.type === 'error')
      complain(this.#terminal, 'restore', 'error', event.path, messageOf(event.error));
    else if (event.type === 'warning')
      complain(this.#terminal, 'restore', 'warning', event.path, event.message);
    else if (event.type === 'progress' && this.#pace.due()) this.#progress(event);
  }

  finish({ summary, snapshotId, errorCount, filesVerified }: RestoreResult, target: string): void {
    this.#terminal.endProgress();
    if (this.#terminal.json) {
      this.#terminal.printJson(summary);
      return;
    }
    const { print, note } = this.#terminal;
    const took = formatDuration(summary.seconds_elapsed * 1000);
    print(
      `Restored ${summary.files_restored} items, ${formatBytes(summary.bytes_restored)}, of snapshot ${snapshotId.slice(0, 8)} to ${target} in ${took}.`,
    );
    if (filesVerified !== undefined) print(`${filesVerified} files read again and found equal.`);
    if (errorCount > 0) note(`${errorCount} could not be restored.`);
  }

  #progress(event: Extract<RestoreEvent, { type: 'progress' }>): void {
    const fraction = event.totalBytes > 0 ? event.bytesDone / event.totalBytes : 1;
    if (this.#terminal.json) {
      this.#terminal.printJson({
        message_type: 'status',
        seconds_elapsed: Math.floor(this.#pace.elapsedMs() / 1000),
        percent_done: fraction,
        total_files: event.totalFiles,
        files_restored: event.filesDone,
        total_bytes: event.totalBytes,
        bytes_restored: event.bytesDone,
      });
      return;
    }
    const speed = formatBytes(Math.round(event.bytesDone / Math.max(0.001, this.#pace.elapsedMs() / 1000)));
    const what = event.phase === 'verify' ? 'verifying  ' : '';
    this.#terminal.progress(
      `${what}${progressBar(fraction)} ${Math.floor(fraction * 100)} %  ${event.filesDone} files  ${formatBytes(event.bytesDone)}  ${speed}/s`,
    );
  }
}
