/** From the flags of `gatehouse backup` to what the gateway's backup is told. Reads the files that they name. */
import { readFile } from 'node:fs/promises';
import { cwd } from 'node:process';
import { buffer } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { GatehouseError, messageOf } from '../core/errors.js';
import type { BackupOptions } from '../gateway/commands/backup-types.js';
import type { FolderMarker } from '../gateway/files/selection.js';
import { cacheFolder } from './cache-folder.js';
import type { Context } from './context.js';
import { usageError } from './exit-code.js';
import { append, folderMarker, grouping, sizeBytes, snapshotTime } from './option-values.js';
import { version } from './version.js';

export interface BackupFlags {
  readonly exclude?: readonly string[];
  readonly iexclude?: readonly string[];
  readonly excludeFile?: readonly string[];
  readonly iexcludeFile?: readonly string[];
  readonly excludeIfPresent?: readonly FolderMarker[];
  readonly excludeCaches?: boolean;
  readonly excludeCloudFiles?: boolean;
  readonly excludeLargerThan?: number;
  readonly oneFileSystem?: boolean;
  readonly filesFrom?: readonly string[];
  readonly filesFromVerbatim?: readonly string[];
  readonly filesFromRaw?: readonly string[];
  readonly tag?: readonly string[];
  readonly host?: string;
  readonly time?: bigint;
  readonly parent?: string;
  readonly groupBy?: ReturnType<typeof grouping>;
  readonly force?: boolean;
  readonly ignoreCtime?: boolean;
  readonly ignoreInode?: boolean;
  readonly withAtime?: boolean;
  readonly skipIfUnchanged?: boolean;
  readonly stdin?: boolean;
  readonly stdinFromCommand?: boolean;
  readonly stdinFilename: string;
  readonly scan: boolean;
  /** Of the repository's flags. */
  readonly cache?: boolean;
  readonly cacheDir?: string;
  readonly dryRun?: boolean;
}

export function withBackupOptions(command: Command): Command {
  const add = (flags: string, help: string, parse?: (text: string, before: never) => unknown) => {
    const option = new Option(flags, help);
    command.addOption(parse === undefined ? option : option.argParser(parse as (text: string) => unknown));
  };
  add('-e, --exclude <pattern>', 'leave out what matches (may be repeated)', append);
  add('--iexclude <pattern>', 'the same, upper and lower case being one', append);
  add('--exclude-file <file>', 'patterns from a file, one per line; $NAME is replaced', append);
  add('--iexclude-file <file>', 'the same, upper and lower case being one', append);
  add(
    '--exclude-if-present <file[:header]>',
    'of folders with this file, which begins with the header, keep that file only (may be repeated)',
    folderMarker,
  );
  add('--exclude-caches', 'of folders marked with CACHEDIR.TAG keep that file only');
  add(
    '--exclude-larger-than <size>',
    'leave out larger files: 500k, 2M, 1G; a plain number is bytes',
    sizeBytes,
  );
  add('--exclude-cloud-files', 'not on this system: it has no online-only files (said, and nothing done)');
  add('-x, --one-file-system', 'stay on the file systems of the given paths');
  add(
    '--files-from <file>',
    'paths from a file, one per line, with wildcards and # comments; - reads standard input',
    append,
  );
  add('--files-from-verbatim <file>', 'the same, each line as it is', append);
  add('--files-from-raw <file>', 'the same, each path ended by a NUL byte', append);
  add('--tag <tag>', 'tag the snapshot (may be repeated)', append);
  add('-H, --host <name>', 'host name in the snapshot (default: this machine)');
  add('--time <time>', 'time of the snapshot, "2026-01-02 03:04:05" (default: now)', snapshotTime);
  add('--parent <snapshot>', 'compare with this snapshot (default: the newest of the same group)');
  add('-g, --group-by <group>', 'what makes a group: host, paths, tags (default: host,paths)', grouping);
  add('-f, --force', 'read every file again');
  add('--ignore-ctime', 'do not compare change times');
  add('--ignore-inode', 'do not compare inode numbers');
  add('--with-atime', 'keep access times too');
  add('--skip-if-unchanged', 'save no snapshot when nothing has changed since the parent');
  add('--stdin', 'back up standard input as one file');
  add('--stdin-from-command', 'back up what a command prints, given after --; no snapshot when it fails');
  command.addOption(new Option('--stdin-filename <name>', 'its name in the snapshot').default('stdin'));
  add('--no-scan', 'do not count ahead; the progress shows no end time then');
  add('-n, --dry-run', 'say what would be stored, store nothing');
  return command;
}

/** @throws USAGE, EXCLUDE_FILE, PATH_LIST_MALFORMED, PATTERN_MALFORMED. */
export async function backupOptions(
  context: Context,
  given: readonly string[],
  flags: BackupFlags,
): Promise<BackupOptions> {
  refuseContradictions(given, flags);
  if (flags.excludeCloudFiles)
    context.terminal.note('--exclude-cloud-files: no file here is online-only; nothing is left out for it.');
  const stdin = await stdinFrom(context, given, flags);
  return {
    paths: stdin === undefined ? [...given, ...(await listedPaths(context, flags))] : [],
    clock: context.clock,
    version,
    signal: context.signal,
    ...(await exclusions(context, flags)),
    countFirst: flags.scan && context.terminal.interactive,
    ...(stdin === undefined ? {} : { stdin }),
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(flags.tag === undefined ? {} : { tags: flags.tag.flatMap((tags) => tags.split(',')) }),
    ...(flags.time === undefined ? {} : { timeNs: flags.time }),
    ...(flags.parent === undefined ? {} : { parent: flags.parent }),
    ...(flags.groupBy === undefined ? {} : { groupBy: flags.groupBy }),
    force: flags.force ?? false,
    ignoreCtime: flags.ignoreCtime ?? false,
    ignoreInode: flags.ignoreInode ?? false,
    withAtime: flags.withAtime ?? false,
    skipIfUnchanged: flags.skipIfUnchanged ?? false,
    dryRun: flags.dryRun ?? false,
    ...remembering(context, flags),
  };
}

function remembering(
  { env }: Context,
  { cache, cacheDir }: BackupFlags,
): Pick<BackupOptions, 'memoryFolder'> {
  return cache === false ? {} : { memoryFolder: cacheFolder(env, cacheDir) };
}

function refuseContradictions(given: readonly string[], flags: BackupFlags): void {
  const lists = [flags.filesFrom, flags.filesFromVerbatim, flags.filesFromRaw].flatMap(
    (files) => files ?? [],
  );
  const streams = flags.stdin === true || flags.stdinFromCommand === true;
  if (streams && lists.length > 0) {
    throw usageError('Standard input and --files-from do not go together.', 'Make two backups.');
  }
  if (flags.stdin && flags.stdinFromCommand) {
    throw usageError('--stdin and --stdin-from-command do not go together.', 'Give one of them.');
  }
  if (flags.stdin && given.length > 0) {
    throw usageError('--stdin and paths do not go together.', 'Make two backups.');
  }
  if (flags.stdinFromCommand && given.length === 0) {
    throw usageError('Which command?', 'Write it last: --stdin-from-command -- pg_dump shop');
  }
  if (!streams && given.length + lists.length === 0) {
    throw usageError('Nothing to back up.', 'Name files or folders, or give --files-from or --stdin.');
  }
  if (lists.filter((file) => file === '-').length > 1) {
    throw usageError('Standard input can be one list only.', 'Write the other one to a file.');
  }
}

async function stdinFrom(
  context: Context,
  given: readonly string[],
  flags: BackupFlags,
): Promise<BackupOptions['stdin']> {
  const fileName = flags.stdinFilename;
  if (flags.stdin) return { stream: process.stdin, fileName };
  if (!flags.stdinFromCommand) return undefined;
  const { commandOutput } = await import('../gateway/files/command-output.js');
  return { stream: commandOutput(given, context.signal), fileName };
}

async function exclusions(context: Context, flags: BackupFlags) {
  const [excludes, insensitiveExcludes] = await Promise.all([
    patternsFrom(flags.excludeFile, context),
    patternsFrom(flags.iexcludeFile, context),
  ]);
  return {
    excludes: [...(flags.exclude ?? []), ...excludes],
    insensitiveExcludes: [...(flags.iexclude ?? []), ...insensitiveExcludes],
    excludeIfPresent: flags.excludeIfPresent ?? [],
    excludeCaches: flags.excludeCaches ?? false,
    ...(flags.excludeLargerThan === undefined ? {} : { excludeLargerThan: flags.excludeLargerThan }),
    oneFileSystem: flags.oneFileSystem ?? false,
  };
}

/** Patterns of exclude files. */
export async function patternsFrom(files: readonly string[] = [], { env }: Context): Promise<string[]> {
  if (files.length === 0) return [];
  const { patternsOfFile } = await import('../gateway/files/patterns.js');
  const { withoutByteOrderMark } = await import('../gateway/files/path-lists.js');
  const texts = await Promise.all(files.map((file) => readNamed(file, 'exclude file')));
  return texts.flatMap((bytes) => patternsOfFile(withoutByteOrderMark(bytes).toString('utf8'), env));
}

async function listedPaths({ terminal }: Context, flags: BackupFlags): Promise<Buffer[]> {
  const { globbedPaths, rawPaths, verbatimPaths } = await import('../gateway/files/path-lists.js');
  const onUnmatched = (pattern: string) =>
    terminal.note(`warning: nothing matches "${pattern}"; passed over.`);
  const paths: Buffer[] = [];
  for (const file of flags.filesFrom ?? [])
    paths.push(...(await globbedPaths(await readList(file), cwd(), onUnmatched)));
  for (const file of flags.filesFromVerbatim ?? []) paths.push(...verbatimPaths(await readList(file)));
  for (const file of flags.filesFromRaw ?? []) paths.push(...rawPaths(await readList(file)));
  return paths;
}

function readList(file: string): Promise<Buffer> {
  return file === '-' ? buffer(process.stdin) : readNamed(file, 'list of paths');
}

async function readNamed(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new GatehouseError('EXCLUDE_FILE', `Cannot read the ${what} ${file}: ${messageOf(error)}.`, {
      cause: error,
      hint: 'Check the path and that this user may read it.',
    });
  }
}
