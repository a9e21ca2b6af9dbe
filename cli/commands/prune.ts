/** `gatehouse prune`: removes what no snapshot needs. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { countOf } from '../../core/count.js';
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { KeptFile } from '../../gateway/commands/delete-files.js';
import type { PruneEvent, PruneResult, PruneStage } from '../../gateway/commands/prune.js';
import { parseSize, parseUnusedLimit, type UnusedLimit } from '../../gateway/commands/prune-limits.js';
import type { PrunePlan, PruneRules } from '../../gateway/commands/prune-plan.js';
import {
  careForLocks,
  freeSpace,
  type LockCareFlags,
  type PurgeFlags,
  withLockCareOptions,
  withPurgeOptions,
} from '../aftercare.js';
import { createContext } from '../context.js';
import { Pace } from '../pace.js';
import {
  openRepository,
  type PackFlags,
  type RepositoryFlags,
  withPackOptions,
  withRepositoryOptions,
} from '../repository-options.js';
import { formatBytes, formatTable, progressBar, type Terminal } from '../terminal.js';
import { type ThawFlags, thawPacks, withThawOptions } from '../thaw.js';

export interface PruneFlags extends ThawFlags {
  readonly maxUnused?: UnusedLimit;
  readonly maxRepackSize?: number;
  readonly repackCacheableOnly?: boolean;
  readonly repackSmall?: boolean;
  readonly repackUncompressed?: boolean;
  readonly repackArchived?: boolean;
}

/** The options of prune that `forget --prune` has too. */
export function withPruneOptions(command: Command, yes?: string): Command {
  return withThawOptions(command, yes)
    .addOption(
      new Option(
        '--max-unused <limit>',
        'leave so much unused: 5% (default), 500M, 0 or unlimited',
      ).argParser((text) => understood(text, parseUnusedLimit)),
    )
    .addOption(
      new Option('--max-repack-size <size>', 'read and write again at most this: 500M, 2G').argParser(
        (text) => understood(text, parseSize),
      ),
    )
    .option('--repack-cacheable-only', 'repack folders only, not the content of files')
    .option('--repack-small', 'repack packs below 80 % of the size of new ones')
    .option('--repack-uncompressed', 'compress what is stored plain')
    .option('--repack-archived', 'fetch archived packs (GLACIER, DEEP_ARCHIVE) and repack them too');
}

/** Parses the value of an option. @throws InvalidArgumentError with the parser's own words. */
export function understood<T>(text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw new InvalidArgumentError(
      error instanceof GatehouseError ? (error.hint ?? error.message) : String(error),
    );
  }
}

export function pruneRules(flags: PruneFlags): PruneRules {
  return {
    ...(flags.maxUnused === undefined ? {} : { maxUnused: flags.maxUnused }),
    ...(flags.maxRepackSize === undefined ? {} : { maxRepackBytes: flags.maxRepackSize }),
    repackCacheableOnly: flags.repackCacheableOnly ?? false,
    repackSmall: flags.repackSmall ?? false,
    repackUncompressed: flags.repackUncompressed ?? false,
    repackArchived: flags.repackArchived ?? false,
  };
}

interface Flags extends RepositoryFlags, PackFlags, PruneFlags, PurgeFlags, LockCareFlags {
  readonly dryRun?: boolean;
  readonly unsafeRecoverNoFreeSpace?: string;
}

export function addPrune(program: Command): void {
  withPurgeOptions(
    withLockCareOptions(withPruneOptions(withPackOptions(withRepositoryOptions(program.command('prune'))))),
  )
    .description('remove data that no snapshot needs')
    .option('-n, --dry-run', 'only show what would be done')
    .addOption(
      new Option(
        '--unsafe-recover-no-free-space <id>',
        'for a full disk: delete before the index is written; the repository’s id confirms it',
      ),
    )
    .addHelpText(
      'after',
      '\nIt may be killed at any time: snapshots stay whole, and the next prune finishes the work.',
    )
    .action(async (flags: Flags, command: Command) => {
      const context = createContext(command);
      const { terminal } = context;
      const { prune } = await import('../../gateway/commands/prune.js');
      const opened = await openRepository(context, flags);
      const { repository, bucket, lifetimes } = opened;
      const { unsafeRecoverNoFreeSpace } = flags;
      try {
        const options = {
          ...pruneRules(flags),
          dryRun: flags.dryRun ?? false,
          preparePacks: (packIds: readonly string[]) => thawPacks(context, bucket, packIds, flags),
          ...(unsafeRecoverNoFreeSpace === undefined ? {} : { unsafeRecoverNoFreeSpace }),
          signal: context.signal,
        };
        showPruneResult(
          terminal,
          await prune(repository, options, showPrune(terminal, new Pace(context.clock))),
        );
        await freeSpace(context, bucket, flags);
        await careForLocks(context, opened, flags);
      } finally {
        terminal.endProgress();
        await lifetimes.close();
      }
    });
}

const stages: Readonly<Record<PruneStage, string>> = {
  index: 'Loading the index',
  mark: 'Finding what snapshots need',
  plan: 'Looking at the packs',
  repack: 'Repacking',
  'rewrite-index': 'Writing the index anew',
  delete: 'Deleting packs',
};

/** What tells a person how prune goes. */
export function showPrune(terminal: Terminal, pace: Pace): (event: PruneEvent) => void {
  return (event) => {
    if (terminal.json) return;
    if (event.type === 'stage') terminal.note(`${stages[event.stage]} ...`);
    else if (event.type === 'plan') for (const line of planLines(event.plan)) terminal.print(line);
    else if (pace.due()) terminal.progress(progressText(event));
  };
}

function progressText({ done, total }: Extract<PruneEvent, { type: 'progress' }>): string {
  if (total === undefined) return String(done);
  return `${progressBar(total > 0 ? done / total : 1)} ${done} of ${total}`;
}

function planLines({ stats, archived }: PrunePlan): string[] {
  const row = (name: string, { blobs, bytes }: { blobs: number; bytes: number }) => [
    name,
    countOf(blobs, 'blob'),
    formatBytes(bytes),
  ];
  const { packs, unreferenced, remaining, unusedAfterBytes, unusedArchived } = stats;
  const share = remaining.bytes === 0 ? 0 : (100 * unusedAfterBytes) / remaining.bytes;
  return [
    ...formatTable([
      row('to repack:', stats.toRepack),
      row('this removes:', stats.repackRemoves),
      row('to delete:', stats.toDelete),
      ['unreferenced:', countOf(unreferenced.packs, 'pack'), formatBytes(unreferenced.bytes)],
      row('total prune:', stats.totalRemoved),
      row('remaining:', remaining),
    ]),
    `unused after prune: ${formatBytes(unusedAfterBytes)} (${share.toFixed(2)} % of what remains)`,
    `packs: ${packs.keep} kept, ${packs.repack} to repack, ${packs.delete} to delete`,
    ...(archived.length === 0
      ? []
      : [`to be fetched from the archive first: ${countOf(archived.length, 'pack')}`]),
    ...(unusedArchived.packs === 0
      ? []
      : [
          `archived packs are left as they are: ${countOf(unusedArchived.packs, 'of them holds', 'of them hold')} ${formatBytes(unusedArchived.bytes)} that is not needed (--repack-archived)`,
        ]),
  ];
}

/** One line of JSON, or what there is to say beyond the plan. */
export function showPruneResult(terminal: Terminal, result: PruneResult): void {
  terminal.endProgress();
  if (terminal.json) terminal.printJson(pruneSummary(result));
  else if (result.isDryRun) terminal.note('Dry run: nothing was changed.');
  showStaleUploads(terminal, result);
  showStillLocked(terminal, 'pack', result.stillLocked);
}

function showStaleUploads(terminal: Terminal, { staleUploads, isDryRun }: PruneResult): void {
  if (terminal.json) return;
  const { count, failure } = staleUploads;
  if (count > 0)
    terminal.note(
      `${isDryRun ? 'Would drop' : 'Dropped'} ${countOf(count, 'upload')} that ${count === 1 ? 'was' : 'were'} never ended.`,
    );
  if (failure !== undefined)
    terminal.note(`Whether uploads were cut off could not be seen: ${messageOf(failure)}`);
}

export function showStillLocked(terminal: Terminal, what: string, files: readonly KeptFile[]): void {
  if (terminal.json || files.length === 0) return;
  const last = files
    .map(({ until }) => until ?? '')
    .sort()
    .at(-1);
  terminal.note(
    `${countOf(files.length, `${what} is`, `${what}s are`)} under a retention lock of the bucket${last ? ` (the last until ${last})` : ''}; left for a later run.`,
  );
}

function pruneSummary({ plan, isDryRun, stillLocked, staleUploads }: PruneResult) {
  const { stats, archived } = plan;
  return {
    message_type: 'summary',
    ...(isDryRun ? { dry_run: true } : {}),
    blobs: {
      used: stats.used.blobs,
      unused: stats.unused.blobs,
      duplicate: stats.duplicate.blobs,
      repack: stats.toRepack.blobs,
      repack_removed: stats.repackRemoves.blobs,
      deleted: stats.toDelete.blobs,
      total_removed: stats.totalRemoved.blobs,
      remaining: stats.remaining.blobs,
    },
    bytes: {
      used: stats.used.bytes,
      unused: stats.unused.bytes,
      duplicate: stats.duplicate.bytes,
      repack: stats.toRepack.bytes,
      repack_removed: stats.repackRemoves.bytes,
      deleted: stats.toDelete.bytes,
      unreferenced: stats.unreferenced.bytes,
      total_removed: stats.totalRemoved.bytes,
      remaining: stats.remaining.bytes,
      unused_after: stats.unusedAfterBytes,
    },
    packs: { ...stats.packs, unreferenced: stats.unreferenced.packs, archived: archived.length },
    unused_archived: stats.unusedArchived,
    stale_uploads: staleUploads.count,
    still_locked: stillLocked,
  };
}
