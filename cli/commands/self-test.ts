/** `gatehouse self-test`: proves a machine and a bucket before backups are entrusted to them. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { opening } from '../../core/lifecycle.js';
import type { SelfTestStep } from '../../gateway/commands/self-test-types.js';
import { type Context, createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { bucketOptions, type RepositoryFlags } from '../repository-options.js';
import { openTemporaryFolder } from '../temporary-folder.js';
import type { Terminal } from '../terminal.js';
import { version } from '../version.js';

const help = `
Run it on new hardware and on a new bucket. In the bucket it works in a folder of its own, which it
removes; no repository that is there is touched, and no password is asked for.`;

export function addSelfTest(program: Command): void {
  program
    .command('self-test')
    .description('prove this machine and a bucket: known answers, speeds, a small backup')
    .addOption(
      new Option('-r, --repo <repository>', 'try this bucket or folder too (default: this machine alone)'),
    )
    .addOption(new Option('--endpoint <url>', 'S3 endpoint when it is not AWS (or AWS_ENDPOINT_URL_S3)'))
    .addOption(new Option('--region <region>', 'S3 region (or AWS_REGION)'))
    .addHelpText('after', help)
    .action(async (flags: RepositoryFlags, command: Command) => {
      const context = createContext(command);
      const failed = await run(context, flags);
      if (failed > 0) context.setExitCode(exitCodes.failed);
    });
}

/** @returns how many steps failed. */
async function run(context: Context, flags: RepositoryFlags): Promise<number> {
  const { clock, log, signal, terminal } = context;
  const { selfTest } = await import('../../gateway/commands/self-test.js');
  const { parseLocation } = await import('../../gateway/bucket/location.js');
  const { openBucket } = await import('../../gateway/bucket/open.js');
  const lifetimes = await opening(async (opened) => {
    const folder = await openTemporaryFolder(context, opened);
    if (flags.repo === undefined) return { opened, folder, bucket: undefined };
    const place = `${flags.repo.replace(/\/+$/, '')}/gatehouse-self-test-${randomBytes(6).toString('hex')}`;
    const location = parseLocation(place);
    if (location.kind === 'directory') {
      opened.defer('test folder', () => rm(location.path, { recursive: true, force: true }));
    }
    const bucket = opened.add('bucket', await openBucket(place, bucketOptions(context, flags)));
    return { opened, folder, bucket };
  }, log);
  const { opened, folder, bucket } = lifetimes;
  try {
    const options = { folder, clock, version, signal, ...(bucket === undefined ? {} : { bucket }) };
    const result = await selfTest(options, (step) => show(terminal, step));
    if (terminal.json) terminal.printJson(result);
    else terminal.print(`\n${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
    return result.failed;
  } finally {
    await opened.close();
  }
}

const colours = { passed: 'green', failed: 'red', skipped: 'yellow' } as const;

function show(terminal: Terminal, step: SelfTestStep): void {
  if (terminal.json) {
    terminal.printJson(step);
    return;
  }
  const figure =
    step.mb_per_second !== undefined
      ? `${step.mb_per_second.toFixed(1).padStart(10)} MB/s`
      : `${String(step.milliseconds ?? '').padStart(10)}${step.milliseconds === undefined ? '' : ' ms'}`;
  terminal.print(
    `${terminal.style(colours[step.state], step.state.padEnd(8))}${step.group.padEnd(11)} ${step.name.padEnd(42)}${figure}`.trimEnd(),
  );
  if (step.note !== undefined) terminal.print(`        ${step.note}`);
}
