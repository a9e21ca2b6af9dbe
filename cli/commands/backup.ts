/** `gatehouse backup`: files and folders into a new snapshot. */
import { readFile } from 'node:fs/promises';
import { Argument, type Command, Option } from 'commander';
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { BackupOptions, BackupResult } from '../../gateway/commands/backup-types.js';
import { BackupDisplay } from '../backup-display.js';
import { type Context, createContext } from '../context.js';
import { exitCodes, usageError } from '../exit-code.js';
import { append, snapshotTime } from '../option-values.js';
import { openRepository, type RepositoryFlags, withRepositoryOptions } from '../repository-options.js';
import { version } from '../version.js';

interface BackupFlags extends RepositoryFlags {
  readonly exclude?: readonly string[];
  readonly excludeFile?: readonly string[];
  readonly excludeCaches?: boolean;
  readonly oneFileSystem?: boolean;
  readonly tag?: readonly string[];
  readonly host?: string;
  readonly time?: bigint;
  readonly parent?: string;
  readonly force?: boolean;
  readonly ignoreCtime?: boolean;
  readonly ignoreInode?: boolean;
  readonly stdin?: boolean;
  readonly stdinFilename: string;
  readonly dryRun?: boolean;
  readonly verbose?: boolean;
}

export function addBackup(program: Command): void {
  withRepositoryOptions(program.command('backup'))
    .description('back up files and folders into a new snapshot')
    .addArgument(new Argument('[paths...]', 'files and folders'))
    .addOption(
      new Option('-e, --exclude <pattern>', 'leave out what matches (may be repeated)').argParser(append),
    )
    .addOption(new Option('--exclude-file <file>', 'patterns from a file, one per line').argParser(append))
    .addOption(new Option('--exclude-caches', 'leave out folders marked with CACHEDIR.TAG'))
    .addOption(new Option('-x, --one-file-system', 'stay on the file systems of the given paths'))
    .addOption(new Option('--tag <tag>', 'tag the snapshot (may be repeated)').argParser(append))
    .addOption(new Option('-H, --host <name>', 'host name in the snapshot (default: this machine)'))
    .addOption(
      new Option('--time <time>', 'time of the snapshot, "2026-01-02 03:04:05" (default: now)').argParser(
        snapshotTime,
      ),
    )
    .addOption(
      new Option('--parent <snapshot>', 'compare with this snapshot (default: the newest of the same paths)'),
    )
    .addOption(new Option('-f, --force', 'read every file again'))
    .addOption(new Option('--ignore-ctime', 'do not compare change times'))
    .addOption(new Option('--ignore-inode', 'do not compare inode numbers'))
    .addOption(new Option('--stdin', 'back up standard input as one file'))
    .addOption(new Option('--stdin-filename <name>', 'its name in the snapshot').default('stdin'))
    .addOption(new Option('-n, --dry-run', 'say what would be stored, store nothing'))
    .addOption(new Option('-v, --verbose', 'print every file'))
    .action(async (paths: string[], flags: BackupFlags, command: Command) => {
      const context = createContext(command);
      if (flags.stdin !== true && paths.length === 0) {
        throw usageError('Nothing to back up.', 'Name files or folders, or give --stdin.');
      }
      const result = await run(context, paths, flags);
      if (result.errorCount > 0) context.setExitCode(exitCodes.partly);
    });
}

async function run(context: Context, paths: readonly string[], flags: BackupFlags): Promise<BackupResult> {
  const { backup } = await import('../../gateway/commands/backup.js');
  const options = await backupOptions(context, paths, flags);
  const { repository, lifetimes } = await openRepository(context, flags);
  const display = new BackupDisplay(context.terminal, context.clock, flags.verbose === true);
  try {
    const result = await backup(repository, options, (event) => display.show(event));
    display.finish(result);
    return result;
  } finally {
    context.terminal.endProgress();
    await lifetimes.close();
  }
}

async function backupOptions(
  context: Context,
  paths: readonly string[],
  flags: BackupFlags,
): Promise<BackupOptions> {
  const excludes = [...(flags.exclude ?? []), ...(await patternsFrom(flags.excludeFile ?? [], context.env))];
  return {
    paths,
    clock: context.clock,
    version,
    signal: context.signal,
    excludes,
    countFirst: context.terminal.interactive,
    ...(flags.stdin ? { stdin: { stream: process.stdin, fileName: flags.stdinFilename } } : {}),
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(flags.tag === undefined ? {} : { tags: flags.tag.flatMap((tags) => tags.split(',')) }),
    ...(flags.time === undefined ? {} : { timeNs: flags.time }),
    ...(flags.parent === undefined ? {} : { parent: flags.parent }),
    oneFileSystem: flags.oneFileSystem ?? false,
    excludeCaches: flags.excludeCaches ?? false,
    force: flags.force ?? false,
    ignoreCtime: flags.ignoreCtime ?? false,
    ignoreInode: flags.ignoreInode ?? false,
    dryRun: flags.dryRun ?? false,
  };
}

async function patternsFrom(files: readonly string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const { patternsOfFile } = await import('../../gateway/files/patterns.js');
  const texts = await Promise.all(
    files.map((file) =>
      readFile(file, 'utf8').catch((error: unknown) => {
        throw new GatehouseError(
          'EXCLUDE_FILE',
          `Cannot read the exclude file ${file}: ${messageOf(error)}.`,
          {
            cause: error,
            hint: 'Check the path and that this user may read it.',
          },
        );
      }),
    ),
  );
  return texts.flatMap((text) => patternsOfFile(text, env));
}
