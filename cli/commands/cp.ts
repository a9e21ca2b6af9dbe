/** `gatehouse cp`: objects between buckets, servers and folders. */
import { Argument, type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import { messageOf } from '../../core/errors.js';
import { opening } from '../../core/lifecycle.js';
import { urlOf } from '../../gateway/bucket/operand.js';
import type { CopyEvent, CopyResult } from '../../gateway/commands/copy-objects.js';
import type { CopyPlan } from '../../gateway/commands/copy-plan.js';
import { type Context, createContext } from '../context.js';
import { exitCodes, usageError } from '../exit-code.js';
import { type ObjectFlags, openOperands, withObjectOptions } from '../object-operands.js';
import { Pace } from '../pace.js';
import { formatBytes, progressBar } from '../terminal.js';
import { withLimitOptions } from '../throttle-options.js';

interface CpFlags extends ObjectFlags {
  readonly recursive?: boolean;
  readonly clobber: boolean;
  readonly dryRun?: boolean;
  readonly targetProfile?: string;
}

const help = `
Places are named as gsutil names them: s3://bucket/key, gs://bucket/key, b2://bucket/key,
s3:https://host/bucket/key, file:///path or a path. Wildcards: * and ? within a name, ** over
folders, [abc]; quote them. A target that ends in "/" or is a folder already takes the name of
what is copied.

  gatehouse cp report.pdf s3://bucket/papers/
  gatehouse cp -r photos gs://bucket
  gatehouse cp 's3://bucket/logs/*.gz' b2://other/logs/
  gatehouse cp -n -r s3://bucket/nas s3:https://minio.home:9000/mirror/nas`;

export function addCp(program: Command): void {
  withLimitOptions(withObjectOptions(program.command('cp')))
    .description('copy objects between buckets, servers and folders')
    .addArgument(new Argument('<place...>', 'sources, and the target last'))
    .addOption(new Option('-r, --recursive', 'folders with all that is in them'))
    .addOption(new Option('-n, --no-clobber', 'leave alone what is at the target already'))
    .addOption(new Option('--dry-run', 'say what would be copied'))
    .addOption(new Option('--target-profile <name>', 'section of ~/.aws with the keys for the target'))
    .addHelpText('after', help)
    .action(async (places: string[], flags: CpFlags, command: Command) => {
      const context = createContext(command);
      const [target, ...sources] = [...places].reverse();
      if (target === undefined || sources.length === 0)
        throw usageError('Copy what to where?', 'Give a source and a target: gatehouse cp FROM TO');
      await opening(async (lifetimes) => {
        try {
          const from = await openOperands(context, lifetimes, sources.reverse(), flags);
          const profile = flags.targetProfile ?? flags.profile;
          const targetFlags = profile === undefined ? flags : { ...flags, profile };
          const [to] = await openOperands(context, lifetimes, [target], targetFlags);
          if (to === undefined || to.hasWildcard) throw usageError('The target cannot hold wildcards.');
          const { planCopy } = await import('../../gateway/commands/copy-plan.js');
          const { signal } = context;
          const plan = await planCopy(from, to, { recursive: flags.recursive ?? false, signal });
          if (flags.dryRun) printPlan(context, plan);
          else await run(context, plan, flags);
        } finally {
          context.terminal.endProgress();
          await lifetimes.close();
        }
      }, context.log);
    });
}

function printPlan({ terminal }: Context, plan: CopyPlan): void {
  for (const { from, fromKey, toKey, sizeBytes } of plan.steps) {
    const step = { from: urlOf(from.store, fromKey), to: urlOf(plan.to.store, toKey) };
    if (terminal.json) terminal.printJson({ message_type: 'would_copy', ...step, size: sizeBytes });
    else terminal.print(`${step.from} -> ${step.to}  ${formatBytes(sizeBytes)}`);
  }
  const summary = { objects: plan.steps.length, total_bytes: plan.totalBytes, dry_run: true };
  if (terminal.json) terminal.printJson({ message_type: 'summary', ...summary });
  else terminal.note(`Would copy ${countOf(plan.steps.length, 'object')}, ${formatBytes(plan.totalBytes)}.`);
}

async function run(context: Context, plan: CopyPlan, flags: CpFlags): Promise<void> {
  const { copyObjects } = await import('../../gateway/commands/copy-objects.js');
  const display = new CopyDisplay(context, plan);
  const result = await copyObjects(
    plan,
    {
      signal: context.signal,
      noClobber: !flags.clobber,
      ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
    },
    (event) => display.show(event),
  );
  display.finish(result);
  if (result.failed > 0) context.setExitCode(result.copied > 0 ? exitCodes.partly : exitCodes.failed);
}

class CopyDisplay {
  readonly #context: Context;
  readonly #plan: CopyPlan;
  readonly #pace: Pace;
  #bytes = 0;
  #objects = 0;

  constructor(context: Context, plan: CopyPlan) {
    this.#context = context;
    this.#plan = plan;
    this.#pace = new Pace(context.clock);
  }

  show(event: CopyEvent): void {
    const { terminal } = this.#context;
    if (event.type === 'bytes') this.#bytes += event.sizeBytes;
    else this.#objects += 1;
    if (event.type === 'failed') {
      const message = `${event.from}: ${messageOf(event.error)}`;
      if (terminal.json) terminal.printJson({ message_type: 'error', item: event.from, message });
      else terminal.note(`${terminal.style('red', 'error')}: ${message}`);
    } else if (event.type !== 'bytes' && terminal.json) {
      const { type, from, to, sizeBytes: size, proof = null } = event;
      terminal.printJson({ message_type: type, from, to, size, proof });
    }
    if (this.#pace.due()) this.#progress();
  }

  finish({ copied, skipped, failed, bytes }: CopyResult): void {
    const { terminal } = this.#context;
    terminal.endProgress();
    if (terminal.json) {
      terminal.printJson({ message_type: 'summary', copied, skipped, failed, total_bytes: bytes });
      return;
    }
    const others = [skipped > 0 ? `${skipped} were there already` : '', failed > 0 ? `${failed} failed` : ''];
    terminal.print(
      [`Copied ${countOf(copied, 'object')}, ${formatBytes(bytes)}`, ...others]
        .filter((text) => text !== '')
        .join('; '),
    );
  }

  #progress(): void {
    const { terminal } = this.#context;
    const { totalBytes, steps } = this.#plan;
    const fraction = totalBytes === 0 ? 1 : this.#bytes / totalBytes;
    const speed = formatBytes(Math.round(this.#bytes / Math.max(0.001, this.#pace.elapsedMs() / 1000)));
    terminal.progress(
      `${progressBar(fraction)} ${Math.floor(fraction * 100)} %  ${this.#objects} of ${steps.length}  ${formatBytes(this.#bytes)}  ${speed}/s`,
    );
  }
}
