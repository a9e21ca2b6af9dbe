/** `gatehouse extend-locks`: keeps locked what the snapshots need. */
import type { Command } from 'commander';
import { countOf } from '../../core/count.js';
import type { ExtendedLocks } from '../../gateway/commands/extend-locks.js';
import { type Context, createContext } from '../context.js';
import {
  type OpenedRepository,
  openRepository,
  type RepositoryFlags,
  withObjectLockOptions,
  withRepositoryOptions,
} from '../repository-options.js';
import { lockRule } from '../repository-view.js';

interface Flags extends RepositoryFlags {
  readonly dryRun?: boolean;
}

export function addExtendLocks(program: Command): void {
  withObjectLockOptions(withRepositoryOptions(program.command('extend-locks')))
    .description('keep locked what the snapshots need, in a bucket with Object Lock')
    .option('--dry-run', 'say what would be extended')
    .addHelpText(
      'after',
      '\nWhat would be free within half of --lock-days is locked for --lock-days from now. Mode governance\n' +
        'unless told. Run it once a week or so; "backup", "forget" and "prune" do it with --extend-locks.',
    )
    .action(async (given: Flags, command: Command) => {
      const context = createContext(command);
      const flags: Flags = { ...given, objectLock: given.objectLock ?? 'governance' };
      const opened = await openRepository(context, flags);
      try {
        await extendRepositoryLocks(context, opened, flags);
      } finally {
        context.terminal.endProgress();
        await opened.lifetimes.close();
      }
    });
}

/** For commands that do it after their own work; prints the result. */
export async function extendRepositoryLocks(
  context: Context,
  { repository, bucket }: OpenedRepository,
  flags: Flags,
): Promise<void> {
  const { terminal, clock, signal } = context;
  const { extendLocks } = await import('../../gateway/commands/extend-locks.js');
  const rule = lockRule({ ...flags, objectLock: flags.objectLock ?? 'governance' });
  if (rule === undefined) return;
  const dryRun = flags.dryRun ?? false;
  const onProgress = (done: number, total: number) =>
    terminal.progress(`looking at locks  ${done} of ${total}`);
  const result = await extendLocks(repository, bucket, {
    rule,
    nowMs: clock.now(),
    dryRun,
    signal,
    onProgress,
  });
  terminal.endProgress();
  show(context, result, dryRun);
}

function show({ terminal }: Context, result: ExtendedLocks, isDry: boolean): void {
  const { needed, extended, until, overwritten } = result;
  for (const key of overwritten)
    terminal.note(`${terminal.style('yellow', 'warning')}: ${key} was overwritten with something else`);
  if (terminal.json) {
    const counts = { needed, extended: extended.length, until, overwritten };
    terminal.printJson({ message_type: 'locks', ...counts, dry_run: isDry });
    return;
  }
  terminal.print(
    `${extended.length} of ${countOf(needed, 'object')} ${isDry ? 'would be ' : ''}locked until ${until}; the rest is locked for long enough.`,
  );
}
