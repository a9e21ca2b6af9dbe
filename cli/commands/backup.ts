/** `gatehouse backup`: files and folders into a new snapshot. */
import { Argument, type Command, Option } from 'commander';
import type { BackupResult } from '../../gateway/commands/backup-types.js';
import { careForLocks, type LockCareFlags, withLockCareOptions } from '../aftercare.js';
import { BackupDisplay } from '../backup-display.js';
import { type BackupFlags, backupOptions, withBackupOptions } from '../backup-options.js';
import { type Context, createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import {
  openRepository,
  type PackFlags,
  type RepositoryFlags,
  withPackOptions,
  withRepositoryOptions,
} from '../repository-options.js';

interface Flags extends RepositoryFlags, PackFlags, BackupFlags, LockCareFlags {
  /** How often it was given. */
  readonly verbose?: number;
}

const help = `
Patterns: *.tmp anywhere, /home/*/cache from the top, ** for any folders, !keep.tmp takes back.

Examples:
  gatehouse backup -r s3://bucket/nas /home --exclude-caches --exclude '*.tmp'
  find /data -newer mark -print0 | gatehouse backup -r /mnt/repo --files-from-raw -
  gatehouse backup -r /mnt/repo --stdin-filename shop.sql --stdin-from-command -- pg_dump shop`;

export function addBackup(program: Command): void {
  const command = withLockCareOptions(
    withBackupOptions(withPackOptions(withRepositoryOptions(program.command('backup')))),
  );
  command
    .description('back up files and folders into a new snapshot')
    .addArgument(new Argument('[paths...]', 'files and folders'))
    .addOption(
      new Option('-v, --verbose', 'print every file; twice: the unchanged ones too').argParser(
        (_text: unknown, before: number | undefined) => (before ?? 0) + 1,
      ),
    )
    .addHelpText('after', help)
    .action(async (paths: string[], flags: Flags, command: Command) => {
      const context = createContext(command);
      const result = await run(context, paths, flags);
      if (result.errorCount > 0) context.setExitCode(exitCodes.partly);
    });
}

async function run(context: Context, paths: readonly string[], flags: Flags): Promise<BackupResult> {
  const options = await backupOptions(context, paths, flags);
  // While the password is made a key, which takes another core a quarter of a second.
  const loading = import('../../gateway/commands/backup.js');
  loading.catch(() => {}); // Seen below, if the repository opens.
  const opened = await openRepository(context, flags);
  const { repository, lifetimes } = opened;
  const display = new BackupDisplay(context.terminal, context.clock, flags.verbose ?? 0);
  try {
    const { backup } = await loading;
    const result = await backup(repository, options, (event) => display.show(event));
    display.finish(result);
    await careForLocks(context, opened, flags);
    return result;
  } finally {
    context.terminal.endProgress();
    await lifetimes.close();
  }
}
