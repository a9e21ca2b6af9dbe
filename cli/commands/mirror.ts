/** `gatehouse mirror`: a repository's files as they are into another bucket. */
import { type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import { Lifetimes } from '../../core/lifecycle.js';
import type { MirrorOptions } from '../../gateway/rest/mirror.js';
import { type Context, createContext } from '../context.js';
import { openTemporaryFolder } from '../temporary-folder.js';
import { formatBytes, progressBar, type Terminal } from '../terminal.js';
import { type LimitFlags, shareThrottle, withLimitOptions } from '../throttle-options.js';

interface MirrorFlags extends LimitFlags {
  readonly delete?: boolean;
  readonly dryRun?: boolean;
  readonly endpoint?: string;
  readonly region?: string;
}

export function addMirror(program: Command): void {
  withLimitOptions(program.command('mirror'))
    .description('copy a repository as it is into another bucket; needs no password')
    .argument('<from>', 'repository: s3://bucket/prefix, file:///path or a plain path')
    .argument('<to>', 'where the copy goes')
    .addOption(new Option('--delete', 'remove from the copy what the repository has no more'))
    .addOption(new Option('-n, --dry-run', 'say what would be copied and removed'))
    .addOption(new Option('--endpoint <url>', 'S3 endpoint when it is not AWS (or AWS_ENDPOINT_URL_S3)'))
    .addOption(new Option('--region <region>', 'S3 region (or AWS_REGION)'))
    .action(async (from: string, to: string, flags: MirrorFlags, command: Command) => {
      const context = createContext(command);
      const lifetimes = new Lifetimes();
      try {
        const options = await openBoth(context, lifetimes, from, to, flags);
        if (flags.dryRun === true) await showPlan(context.terminal, options);
        else await run(context.terminal, options);
      } finally {
        context.terminal.endProgress();
        await lifetimes.close();
      }
    });
}

async function openBoth(
  context: Context,
  lifetimes: Lifetimes,
  from: string,
  to: string,
  flags: MirrorFlags,
): Promise<MirrorOptions> {
  const { env, clock, log, signal } = context;
  const { openBucket } = await import('../../gateway/bucket/open.js');
  const shared = {
    clock,
    log,
    endpoint: flags.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'],
    region: flags.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
  };
  const temporaryFolder = await openTemporaryFolder(context, lifetimes);
  const { wire } = await shareThrottle(context, flags, lifetimes);
  const source = await openBucket(from, { ...shared, wire });
  lifetimes.add('source', source);
  const copy = await openBucket(to, { ...shared, wire });
  lifetimes.add('copy', copy);
  return { from: source, to: copy, temporaryFolder, remove: flags.delete ?? false, signal };
}

async function showPlan(terminal: Terminal, options: MirrorOptions): Promise<void> {
  const { planMirror } = await import('../../gateway/rest/mirror.js');
  const plan = await planMirror(options);
  if (terminal.json) return terminal.printJson({ message_type: 'plan', ...plan });
  for (const { key } of plan.copy) terminal.print(`copy   ${key}`);
  for (const key of plan.remove) terminal.print(`remove ${key}`);
}

async function run(terminal: Terminal, options: MirrorOptions): Promise<void> {
  const { mirror } = await import('../../gateway/rest/mirror.js');
  const result = await mirror(options, ({ bytesDone, bytesTotal }) => {
    const bar = progressBar(bytesTotal === 0 ? 1 : bytesDone / bytesTotal);
    terminal.progress(`${bar} ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`);
  });
  if (terminal.json) return terminal.printJson({ message_type: 'summary', ...result });
  const { filesCopied, bytesCopied, filesRemoved } = result;
  terminal.note(
    `Copied ${countOf(filesCopied, 'file')} (${formatBytes(bytesCopied)}), removed ${filesRemoved}.`,
  );
}
