/** Fetching archived packs on the command line: options, the question, the wait. */
import { type Command, Option } from 'commander';
import { countOf } from '../core/count.js';
import { type Bucket, type ThawTier, thawTiers } from '../gateway/bucket/bucket.js';
import type { ThawPlan } from '../gateway/bucket/cold-storage.js';
import { confirm } from './confirm.js';
import type { Context } from './context.js';
import { count } from './option-values.js';
import { formatBytes } from './terminal.js';

export interface ThawFlags {
  readonly restoreTier: ThawTier;
  readonly restoreDays: number;
  readonly yes?: boolean;
}

/** @param yes its flags, where `-y` is another option's. */
export function withThawOptions(command: Command, yes = '-y, --yes'): Command {
  return command
    .addOption(
      new Option('--restore-tier <tier>', 'how fast archived packs are fetched')
        .choices(thawTiers)
        .default('Bulk'),
    )
    .addOption(new Option('--restore-days <n>', 'how long they stay readable').argParser(count).default(7))
    .option(yes, 'fetch archived packs without asking what it may cost');
}

/** Resolves when all those packs can be read. @throws THAW_REFUSED, USAGE when nobody can be asked. */
export async function thawPacks(
  context: Context,
  bucket: Bucket,
  packIds: Iterable<string>,
  flags: ThawFlags,
): Promise<void> {
  if (!bucket.hasArchive) return;
  const { thaw } = await import('../gateway/bucket/cold-storage.js');
  const { keyOf } = await import('../gateway/repository/layout.js');
  const { terminal, clock, signal } = context;
  await thaw(
    bucket,
    Array.from(packIds, (id) => keyOf('pack', id)),
    {
      clock,
      signal,
      request: { tier: flags.restoreTier, days: flags.restoreDays },
      agree: (plan) => agree(context, plan, flags.yes ?? false),
      onProgress: ({ ready, total }) => {
        if (terminal.json) terminal.printJson({ message_type: 'thaw_status', ready, total });
        else
          terminal.note(`${ready} of ${countOf(total, 'archived pack is', 'archived packs are')} readable.`);
      },
    },
  );
}

async function agree(context: Context, plan: ThawPlan, yes: boolean): Promise<boolean> {
  const { terminal, signal } = context;
  const { frozen, frozenBytes, hours, prices, request } = plan;
  const cost = `${plan.cost.toFixed(2)} ${prices.currency}`;
  const takes = hours < 1 ? countOf(Math.ceil(hours * 60), 'minute') : countOf(hours, 'hour');
  if (terminal.json) {
    const message = { packs: frozen.length, bytes: frozenBytes, cost: plan.cost, currency: prices.currency };
    terminal.printJson({
      message_type: 'thaw_plan',
      ...message,
      hours,
      ...request,
      prices_as_of: prices.asOf,
    });
  } else {
    terminal.note(
      `${countOf(frozen.length, 'pack is', 'packs are')} archived: ${formatBytes(frozenBytes)}. Fetching (${request.tier}, readable for ${countOf(request.days, 'day')}) costs about ${cost} and takes up to ${takes}.`,
    );
    terminal.note(`Prices of ${prices.asOf}, ${prices.source}; yours may differ.`);
  }
  return (
    yes || (await confirm(`Fetch ${countOf(frozen.length, 'archived pack')} for about ${cost}?`, signal))
  );
}
