/** `gatehouse undelete`: puts a versioned repository back as it was at a time. */
import { type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import { opening } from '../../core/lifecycle.js';
import type { UndeletePlan } from '../../gateway/commands/undelete.js';
import { type BucketFlags, bucketPlace, s3Options, withBucketOptions } from '../bucket-options.js';
import { type Context, createContext } from '../context.js';
import { instant } from '../option-values.js';
import { formatBytes } from '../terminal.js';

interface Flags extends BucketFlags {
  readonly asOf: number;
  readonly dryRun?: boolean;
  readonly keepNewer?: boolean;
}

const verbs = { reveal: 'take the delete marker from', 'bring-back': 'bring back', hide: 'hide' };

export function addUndelete(program: Command): void {
  withBucketOptions(program.command('undelete'))
    .description('put a versioned repository back as it was at a time')
    .addOption(
      new Option('--as-of <time>', '"2026-01-02 03:04" or RFC 3339').argParser(instant).makeOptionMandatory(),
    )
    .option('--keep-newer', 'leave what was written since; else it is hidden')
    .option('--dry-run', 'say what would be done')
    .addHelpText(
      'after',
      '\nNeeds the maintenance keys, and no password. Nothing is removed for good: what is hidden or\n' +
        'covered can be had again with a later --as-of. Run "gatehouse check" afterwards.',
    )
    .action(async (flags: Flags, command: Command) => {
      const context = createContext(command);
      const { signal } = context;
      const { openBucket } = await import('../../gateway/bucket/open.js');
      const { planUndelete, undelete } = await import('../../gateway/commands/undelete.js');
      await opening(async (lifetimes) => {
        try {
          const place = await bucketPlace(context, flags);
          const bucket = lifetimes.add('bucket', await openBucket(place, s3Options(context, flags)));
          const keepNewer = flags.keepNewer ?? false;
          const plan = await planUndelete(bucket, flags.asOf, { signal, keepNewer });
          if (flags.dryRun) showSteps(context, plan);
          else await undelete(bucket, plan, { signal });
          showSummary(context, plan, flags.dryRun ?? false);
        } finally {
          await lifetimes.close();
        }
      }, context.log);
    });
}

function showSteps({ terminal }: Context, plan: UndeletePlan): void {
  for (const { key, action, versionId, sizeBytes } of plan.steps) {
    if (terminal.json)
      terminal.printJson({ message_type: 'step', action, key, version: versionId, size: sizeBytes });
    else terminal.print(`${verbs[action]} ${key}`);
  }
}

function showSummary({ terminal }: Context, plan: UndeletePlan, isDry: boolean): void {
  const hidden = plan.steps.filter(({ action }) => action === 'hide').length;
  const back = plan.steps.filter(({ action }) => action !== 'hide');
  const bytes = back.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (terminal.json) {
    const counts = { restored: back.length, restored_bytes: bytes, hidden, unchanged: plan.unchanged };
    terminal.printJson({ message_type: 'summary', ...counts, dry_run: isDry });
    return;
  }
  const would = isDry ? 'would be ' : '';
  terminal.print(
    `${countOf(back.length, 'object')}, ${formatBytes(bytes)}, ${would}back; ${hidden} newer ${would}hidden; ${plan.unchanged} as they were.`,
  );
}
