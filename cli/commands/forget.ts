/** `gatehouse forget`: removes snapshots by a policy, or by their ids. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import type { Grouping } from '../../gateway/retention/grouping.js';
import { parseGrouping } from '../../gateway/retention/grouping.js';
import {
  type KeepDuration,
  type Period,
  parseKeepDuration,
  periods,
  type RetentionPolicy,
} from '../../gateway/retention/policy.js';
import {
  careForLocks,
  freeSpace,
  type LockCareFlags,
  type PurgeFlags,
  withLockCareOptions,
  withPurgeOptions,
} from '../aftercare.js';
import { createContext } from '../context.js';
import { append } from '../option-values.js';
import { Pace } from '../pace.js';
import {
  openRepository,
  type PackFlags,
  type RepositoryFlags,
  withPackOptions,
  withRepositoryOptions,
} from '../repository-options.js';
import { thawPacks } from '../thaw.js';
import { type PruneFlags, pruneRules, showPrune, understood, withPruneOptions } from './prune.js';
import { type FilterFlags, filterFrom } from './snapshots.js';

interface Flags extends RepositoryFlags, PackFlags, FilterFlags, PruneFlags, PurgeFlags, LockCareFlags {
  /** `keepDaily`, `keepWithinDaily` and so on. */
  readonly [keep: string]: unknown;
  readonly keepTag?: readonly (readonly string[])[];
  readonly groupBy?: Grouping;
  readonly compact?: boolean;
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly unsafeAllowRemoveAll?: boolean;
}

const shorthands = { last: 'l', hourly: 'H', daily: 'd', weekly: 'w', monthly: 'm', yearly: 'y' } as const;

export function addForget(program: Command): void {
  const command = withLockCareOptions(withPackOptions(withRepositoryOptions(program.command('forget'))))
    .description('remove snapshots by a policy or by id')
    .addArgument(new Argument('[snapshot...]', 'ids or their beginnings; these go whatever the policy'));
  for (const name of ['last', ...periods] as const) {
    const what =
      name === 'last' ? 'the newest n snapshots' : `one snapshot of each of the newest n ${unitsOf[name]}`;
    command.addOption(
      new Option(`-${shorthands[name]}, --keep-${name} <n>`, `keep ${what}; or unlimited`).argParser(
        keepCount,
      ),
    );
  }
  command.addOption(
    within('--keep-within', 'keep all that are younger than this, counted from the newest: 2y5m7d3h'),
  );
  for (const name of periods)
    command.addOption(
      within(`--keep-within-${name}`, `one for each of the ${unitsOf[name]} within this time`),
    );
  command
    .addOption(
      new Option('--keep-tag <tags>', 'keep all with these tags, "a,b" for both (may be repeated)').argParser(
        appendList,
      ),
    )
    .addOption(
      new Option('-g, --group-by <group>', "apply the policy to each host, paths, tags; '' for all as one")
        .argParser((text) => understood(text, parseGrouping))
        .default({ host: true, paths: true, tags: false }, 'host,paths'),
    )
    .addOption(new Option('--host <name>', 'only of this host (may be repeated)').argParser(append))
    .addOption(new Option('--path <path>', 'only with this path (may be repeated)').argParser(append))
    .addOption(
      new Option('--tag <tags>', 'only with these tags, "a,b" for both (may be repeated)').argParser(append),
    )
    .option('-c, --compact', 'show less of each snapshot')
    .option('-n, --dry-run', 'only show what would be removed')
    .option('--prune', 'then remove the data that is not needed any more')
    .option('--unsafe-allow-remove-all', 'allow a policy to remove every snapshot of a group');
  withPurgeOptions(withPruneOptions(command, '--yes'))
    .addHelpText(
      'after',
      '\nDays, weeks and months are those of the time zone that a snapshot was stored with.',
    )
    .action(forgetAction);
}

const unitsOf: Readonly<Record<Period, string>> = {
  hourly: 'hours',
  daily: 'days',
  weekly: 'weeks',
  monthly: 'months',
  yearly: 'years',
};

async function forgetAction(snapshots: string[], flags: Flags, command: Command): Promise<void> {
  const context = createContext(command);
  const { terminal, clock, signal } = context;
  const { forget } = await import('../../gateway/commands/forget.js');
  const { showForgetResult, showPlan } = await import('../forget-display.js');
  const opened = await openRepository(context, flags);
  const { repository, bucket, lifetimes } = opened;
  const preparePacks = (packIds: readonly string[]) => thawPacks(context, bucket, packIds, flags);
  const pace = new Pace(clock);
  const dryRun = flags.dryRun ?? false;
  try {
    const options = {
      snapshots,
      ...filterFrom(flags),
      policy: policyFrom(flags),
      ...(flags.groupBy === undefined ? {} : { groupBy: flags.groupBy }),
      unsafeAllowRemoveAll: flags.unsafeAllowRemoveAll ?? false,
      dryRun,
      ...(flags.prune === true ? { prune: { ...pruneRules(flags), preparePacks } } : {}),
      clock,
      signal,
    };
    const result = await forget(repository, options, {
      onPlan: (plan) => showPlan(terminal, plan, { compact: flags.compact ?? false, dryRun }),
      onRemoved: (done, total) => {
        if (pace.due()) terminal.progress(`removing snapshots: ${done} of ${total}`);
      },
      onPrune: showPrune(terminal, pace),
    });
    showForgetResult(terminal, result);
    await freeSpace(context, bucket, flags);
    await careForLocks(context, opened, flags);
  } finally {
    terminal.endProgress();
    await lifetimes.close();
  }
}

/** restic 0.16 and later keep the oldest too while a count lasts; so do we. */
function policyFrom(flags: Flags): RetentionPolicy {
  const counts: Partial<Record<'last' | Period, number>> = {};
  const withinPeriod: Partial<Record<Period, KeepDuration>> = {};
  for (const name of ['last', ...periods] as const) {
    const count = flags[`keep${capitalized(name)}`];
    if (typeof count === 'number') counts[name] = count;
    const span = flags[`keepWithin${capitalized(name)}`];
    if (name !== 'last' && span !== undefined) withinPeriod[name] = span as KeepDuration;
  }
  const span = flags['keepWithin'];
  return {
    counts,
    ...(span === undefined ? {} : { within: span as KeepDuration }),
    withinPeriod,
    tags: flags.keepTag ?? [],
    keepOldest: true,
  };
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function within(flag: string, description: string): Option {
  return new Option(`${flag} <duration>`, description).argParser((text) =>
    understood(text, parseKeepDuration),
  );
}

function keepCount(text: string): number {
  if (text === 'unlimited' || text === '-1') return -1;
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number, or unlimited.');
  return Number(text);
}

function appendList(
  text: string,
  before: readonly (readonly string[])[] | undefined,
): readonly (readonly string[])[] {
  return [...(before ?? []), text.split(',').map((tag) => tag.trim())];
}
