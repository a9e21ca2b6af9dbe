/** `gatehouse restore`: a snapshot, or a part of it, back to disk. */
import { Argument, type Command, Option } from 'commander';
import { type OverwriteRule, overwriteRules } from '../../gateway/restore/kinds.js';
import { patternsFrom } from '../backup-options.js';
import { type Context, createContext } from '../context.js';
import { exitCodes, usageError } from '../exit-code.js';
import { append } from '../option-values.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { RestoreDisplay } from '../restore-display.js';
import { type ThawFlags, thawPacks, withThawOptions } from '../thaw.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

type Texts = readonly string[];

interface RestoreFlags extends RepositoryFlags, FilterFlags, ThawFlags {
  readonly target: string;
  readonly include?: Texts;
  readonly iinclude?: Texts;
  readonly includeFile?: Texts;
  readonly iincludeFile?: Texts;
  readonly exclude?: Texts;
  readonly iexclude?: Texts;
  readonly excludeFile?: Texts;
  readonly iexcludeFile?: Texts;
  readonly includeXattr?: Texts;
  readonly excludeXattr?: Texts;
  readonly overwrite: OverwriteRule;
  readonly delete?: boolean;
  readonly dryRun?: boolean;
  readonly ownershipByName?: boolean;
  readonly sparse: boolean;
  readonly verify?: boolean;
  readonly verbose?: number;
}

const help = `
Files that are there already are compared with the snapshot; only what differs is fetched and
written. An interrupted restore, run again, goes on where it stopped.

  --overwrite always      compare content (the default)
  --overwrite if-changed  trust files of the same size and time, compare the others
  --overwrite if-newer    only files that are newer in the snapshot
  --overwrite never       only what is not there

Examples:
  gatehouse restore -r /mnt/repo latest --target /tmp/back --include /home/me/letters
  gatehouse restore -r /mnt/repo latest:/home/me --target /home/me --delete --dry-run -v`;

export function addRestore(program: Command): void {
  const command = withThawOptions(withFilterOptions(withReaderOptions(program.command('restore'))))
    .description('restore a snapshot, or a part of it')
    .addArgument(new Argument('<snapshot>', '"latest", an id or its beginning, or ID:FOLDER'))
    .addOption(new Option('-t, --target <dir>', 'where to restore to').makeOptionMandatory());
  withSelectionOptions(command)
    .addOption(
      new Option('--overwrite <rule>', 'what happens to files that are there')
        .choices(overwriteRules)
        .default('always'),
    )
    .addOption(new Option('--delete', 'delete what the snapshot does not have, within the selection'))
    .addOption(new Option('-n, --dry-run', 'only show what would be done (with -v: every item)'))
    .addOption(new Option('--ownership-by-name', 'owners by name, where this machine has them'))
    .addOption(new Option('--sparse', 'leave holes for zeros (always, unless --no-sparse)').default(true))
    .addOption(new Option('--no-sparse', 'write zeros instead of leaving holes'))
    .addOption(new Option('--verify', 'read the restored files again and compare'))
    .addOption(
      new Option('-v, --verbose', 'print every item; twice: the unchanged ones too').argParser(
        (_text: unknown, before: number | undefined) => (before ?? 0) + 1,
      ),
    )
    .addHelpText('after', help)
    .action(restoreAction);
}

function withSelectionOptions(command: Command): Command {
  const add = (flags: string, description: string) =>
    command.addOption(new Option(flags, description).argParser(append));
  add('-i, --include <pattern>', 'only what matches (may be repeated)');
  add('--iinclude <pattern>', 'the same, upper and lower case being one');
  add('--include-file <file>', 'patterns from a file, one per line');
  add('--iinclude-file <file>', 'the same, upper and lower case being one');
  add('-e, --exclude <pattern>', 'all but what matches (may be repeated)');
  add('--iexclude <pattern>', 'the same, upper and lower case being one');
  add('--exclude-file <file>', 'patterns from a file, one per line');
  add('--iexclude-file <file>', 'the same, upper and lower case being one');
  add('--include-xattr <pattern>', 'only extended attributes that match (may be repeated)');
  add('--exclude-xattr <pattern>', 'all extended attributes but these (may be repeated)');
  return command;
}

async function restoreAction(snapshot: string, flags: RestoreFlags, command: Command): Promise<void> {
  const context = createContext(command);
  const { terminal, clock } = context;
  if (flags.dryRun && flags.verify) {
    throw usageError('A dry run restores nothing that could be verified.', 'Leave one of the two out.');
  }
  const { restore } = await import('../../gateway/commands/restore.js');
  const selection = await selectionFrom(context, flags);
  const { repository, bucket, lifetimes } = await openRepository(context, flags);
  const dryRun = flags.dryRun ?? false;
  const display = new RestoreDisplay(terminal, {
    clock,
    dryRun,
    verbosity: flags.verbose ?? 0,
    target: flags.target,
  });
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
        ...selection,
        overwrite: flags.overwrite,
        delete: flags.delete ?? false,
        dryRun,
        ownershipByName: flags.ownershipByName ?? false,
        includeAttributes: flags.includeXattr ?? [],
        excludeAttributes: flags.excludeXattr ?? [],
        sparse: flags.sparse,
        verify: flags.verify ?? false,
      },
      (event) => display.show(event),
    );
    display.finish(result);
    if (result.errorCount > 0) context.setExitCode(exitCodes.failed);
  } finally {
    terminal.endProgress();
    await lifetimes.close();
  }
}

async function selectionFrom(context: Context, flags: RestoreFlags) {
  const [includes, insensitiveIncludes, excludes, insensitiveExcludes] = await Promise.all(
    [flags.includeFile, flags.iincludeFile, flags.excludeFile, flags.iexcludeFile].map((files) =>
      patternsFrom(files, context),
    ),
  );
  return {
    includes: [...(flags.include ?? []), ...(includes ?? [])],
    insensitiveIncludes: [...(flags.iinclude ?? []), ...(insensitiveIncludes ?? [])],
    excludes: [...(flags.exclude ?? []), ...(excludes ?? [])],
    insensitiveExcludes: [...(flags.iexclude ?? []), ...(insensitiveExcludes ?? [])],
  };
}
