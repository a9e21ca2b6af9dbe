/** `gatehouse rm`: objects out of a bucket, after a plan and a question. */
import { Argument, type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import { messageOf } from '../../core/errors.js';
import { opening } from '../../core/lifecycle.js';
import type { RemovalPlan } from '../../gateway/commands/remove-objects.js';
import { confirm } from '../confirm.js';
import { type Context, createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { type ObjectFlags, openOperands, withObjectOptions } from '../object-operands.js';
import { count } from '../option-values.js';
import { formatBytes } from '../terminal.js';

interface RmFlags extends ObjectFlags {
  readonly recursive?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly incompleteUploads?: boolean;
  readonly olderThan: number;
}

const hourMs = 3_600_000;

export function addRm(program: Command): void {
  withObjectOptions(program.command('rm'))
    .description('remove objects from buckets and folders, or uploads that were never finished')
    .addArgument(
      new Argument('<place...>', 's3://, gs://, b2://, file:// or a path, with wildcards as in cp'),
    )
    .addOption(new Option('-r, --recursive', 'folders with all that is in them'))
    .addOption(new Option('--incomplete-uploads', 'what uploads left below the place that were cut off'))
    .addOption(
      new Option('--older-than <hours>', 'with --incomplete-uploads: nothing was sent for so long')
        .argParser(count)
        .default(24),
    )
    .addOption(new Option('--dry-run', 'say what would be removed'))
    .addOption(new Option('-y, --yes', 'do not ask before more than one object is removed'))
    .action(async (places: string[], flags: RmFlags, command: Command) => {
      const context = createContext(command);
      await opening(async (lifetimes) => {
        try {
          const operands = await openOperands(context, lifetimes, places, flags);
          const removal = await import('../../gateway/commands/remove-objects.js');
          const { signal, clock } = context;
          const plan = flags.incompleteUploads
            ? await removal.planUploadRemoval(operands, clock.now() - flags.olderThan * hourMs, { signal })
            : await removal.planRemoval(operands, { signal, recursive: flags.recursive ?? false });
          if (flags.dryRun) printPlan(context, plan);
          else if (await mayRemove(context, plan, flags))
            await apply(context, plan, flags, removal.removeObjects);
        } finally {
          await lifetimes.close();
        }
      }, context.log);
    });
}

async function mayRemove(context: Context, plan: RemovalPlan, flags: RmFlags): Promise<boolean> {
  if (plan.steps.length <= 1 || flags.yes) return true;
  const [first] = plan.steps;
  const question = `Remove ${plan.steps.length} objects, ${formatBytes(plan.totalBytes)}, the first ${first?.url}?`;
  const agreed = await confirm(question, context.signal);
  if (!agreed) context.terminal.note('Nothing was removed.');
  return agreed;
}

function printPlan({ terminal }: Context, plan: RemovalPlan): void {
  for (const { url, sizeBytes } of plan.steps) {
    if (terminal.json) terminal.printJson({ message_type: 'would_remove', url, size: sizeBytes });
    else terminal.print(url);
  }
  if (terminal.json) {
    const summary = { objects: plan.steps.length, total_bytes: plan.totalBytes, dry_run: true };
    terminal.printJson({ message_type: 'summary', ...summary });
  } else
    terminal.note(`Would remove ${countOf(plan.steps.length, 'object')}, ${formatBytes(plan.totalBytes)}.`);
}

async function apply(
  context: Context,
  plan: RemovalPlan,
  flags: RmFlags,
  removeObjects: typeof import('../../gateway/commands/remove-objects.js').removeObjects,
): Promise<void> {
  const { terminal, signal } = context;
  const parallel = flags.parallel === undefined ? {} : { parallel: flags.parallel };
  const { removed, failed } = await removeObjects(plan, { signal, ...parallel }, ({ url }, error) => {
    if (terminal.json) {
      const outcome = error === undefined ? {} : { message: messageOf(error) };
      terminal.printJson({ message_type: error === undefined ? 'removed' : 'error', url, ...outcome });
    } else if (error !== undefined) {
      terminal.note(`${terminal.style('red', 'error')}: ${url}: ${messageOf(error)}`);
    }
  });
  if (terminal.json) terminal.printJson({ message_type: 'summary', removed, failed });
  else terminal.print(`Removed ${countOf(removed, 'object')}${failed > 0 ? `; ${failed} failed` : ''}`);
  if (failed > 0) context.setExitCode(removed > 0 ? exitCodes.partly : exitCodes.failed);
}
