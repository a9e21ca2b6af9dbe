/** `gatehouse rewrite`: makes snapshots anew without some of their files. */
import { Argument, type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import type { RewriteEvent } from '../../gateway/commands/rewrite.js';
import { patternsFrom } from '../backup-options.js';
import { createContext } from '../context.js';
import { append, snapshotTime } from '../option-values.js';
import {
  openRepository,
  type PackFlags,
  type RepositoryFlags,
  withPackOptions,
  withRepositoryOptions,
} from '../repository-options.js';
import type { Terminal } from '../terminal.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface Flags extends RepositoryFlags, PackFlags, FilterFlags {
  readonly exclude?: readonly string[];
  readonly iexclude?: readonly string[];
  readonly excludeFile?: readonly string[];
  readonly iexcludeFile?: readonly string[];
  readonly newHost?: string;
  readonly newTime?: bigint;
  readonly forget?: boolean;
  readonly dryRun?: boolean;
}

export function addRewrite(program: Command): void {
  withFilterOptions(withPackOptions(withRepositoryOptions(program.command('rewrite'))))
    .description('make snapshots anew without some files, or with another host or time')
    .addArgument(new Argument('[snapshot...]', 'ids or their beginnings; all that fit the filters if none'))
    .addOption(
      new Option('-e, --exclude <pattern>', 'leave out what matches (may be repeated)').argParser(append),
    )
    .addOption(
      new Option('--iexclude <pattern>', 'the same, upper and lower case being one').argParser(append),
    )
    .addOption(new Option('--exclude-file <file>', 'patterns from a file, one per line').argParser(append))
    .addOption(
      new Option('--iexclude-file <file>', 'the same, upper and lower case being one').argParser(append),
    )
    .option('--new-host <name>', 'as if made on that host')
    .addOption(
      new Option('--new-time <time>', 'as if made then: "2026-01-02 03:04:05"').argParser(snapshotTime),
    )
    .option('--forget', 'remove the old snapshots; without it new ones get the tag "rewrite"')
    .option('-n, --dry-run', 'only show what would be done')
    .addHelpText('after', '\nThe space is freed by "gatehouse prune", once the old snapshots are gone.')
    .action(rewriteAction);
}

async function rewriteAction(snapshots: string[], flags: Flags, command: Command): Promise<void> {
  const context = createContext(command);
  const { terminal, signal } = context;
  const { rewrite } = await import('../../gateway/commands/rewrite.js');
  const { displayPath } = await import('../../gateway/files/path-bytes.js');
  const excludes = [...(flags.exclude ?? []), ...(await patternsFrom(flags.excludeFile, context))];
  const insensitiveExcludes = [
    ...(flags.iexclude ?? []),
    ...(await patternsFrom(flags.iexcludeFile, context)),
  ];
  const { repository, lifetimes } = await openRepository(context, flags);
  const { newHost, newTime, forget = false, dryRun = false } = flags;
  try {
    const options = {
      snapshots,
      ...filterFrom(flags),
      excludes,
      insensitiveExcludes,
      ...(newHost === undefined ? {} : { newHost }),
      ...(newTime === undefined ? {} : { newTimeNs: newTime }),
      forget,
      dryRun,
      signal,
    };
    const changed = await rewrite(repository, options, (event) => show(terminal, event, displayPath));
    if (terminal.json)
      terminal.printJson({
        message_type: 'summary',
        ...(dryRun ? { dry_run: true } : {}),
        changed_snapshots: changed,
      });
    else terminal.note(`${countOf(changed, 'snapshot')} ${dryRun ? 'would be changed' : 'changed'}.`);
  } finally {
    await lifetimes.close();
  }
}

function show(terminal: Terminal, event: RewriteEvent, displayPath: (path: Buffer) => string): void {
  if (event.type === 'excluded') {
    if (!terminal.json) terminal.note(`leaving out ${displayPath(event.path)}`);
    return;
  }
  const { id } = event.snapshot;
  if (terminal.json) {
    if (event.type === 'changed')
      terminal.printJson({
        message_type: 'changed',
        old_snapshot_id: id,
        new_snapshot_id: event.newId ?? null,
      });
  } else if (event.type === 'unchanged') terminal.note(`${id.slice(0, 8)} stays as it is.`);
  else
    terminal.print(
      `${id.slice(0, 8)} ${event.newId === undefined ? 'would change' : `is ${event.newId.slice(0, 8)} now`}.`,
    );
}
