/** `gatehouse jobs`: what the scheduled backups do, and orders to them. */
import { Argument, type Command, Option } from 'commander';
import { sleep } from '../../core/clock.js';
import { GatehouseError } from '../../core/errors.js';
import type { JobControl, JobRunView } from '../../gateway/control/control.js';
import { type Context, createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { type FoundJobs, withConfigOption, withJobs } from '../find-jobs.js';
import { showEnd, showHistory, showJobs, showProgress, showStatus } from '../jobs-display.js';
import { count, spanMs } from '../option-values.js';

const lookEveryMs = 500;

const help = `
Where a gateway runs (gatehouse gateway run, a service, or gatehouse up), these commands talk to it.
Where none does, they read its history, and run jobs in this process.

Examples:
  gatehouse jobs run nas
  gatehouse jobs status nas --follow
  gatehouse jobs pause nas --for 2h
  gatehouse jobs history nas --last 5 --json`;

export function addJobs(program: Command): void {
  const jobs = program
    .command('jobs')
    .description('scheduled backups: list, run, watch, pause')
    .addHelpText('after', help);
  add(jobs, 'list')
    .description('all jobs in one table')
    .action((_flags: unknown, command: Command) => look(command, showAll));
  addRun(jobs);
  addStatus(jobs);
  addPause(jobs);
  add(jobs, 'history')
    .description('runs that have ended or go on, newest first; with --json also what hooks wrote')
    .addArgument(new Argument('[name]', 'of one job'))
    .addOption(new Option('--last <n>', 'at most so many').argParser(count).default(20))
    .action((job: string | undefined, flags: { last: number }, command: Command) =>
      look(command, async ({ terminal }, { jobs: control }) => {
        const filter = { limit: flags.last, ...(job === undefined ? {} : { job }) };
        showHistory(terminal, await control.history(filter));
      }),
    );
}

function add(jobs: Command, name: string): Command {
  return withConfigOption(jobs.command(name));
}

function addRun(jobs: Command): void {
  add(jobs, 'run')
    .description('run a job now and wait for its end')
    .addArgument(new Argument('<name>', 'of the job'))
    .addOption(new Option('--verify', 'verify the next part of its repository instead').conflicts('prune'))
    .addOption(new Option('--prune', 'prune its repository instead'))
    .addOption(new Option('--no-wait', 'only begin; for a gateway that runs'))
    .action(
      async (name: string, flags: { verify?: boolean; prune?: boolean; wait: boolean }, command: Command) => {
        const context = createContext(command);
        const kind = flags.verify === true ? 'verify' : flags.prune === true ? 'prune' : 'backup';
        await withJobs(context, command, 'run', async (found) => {
          const { runId } = await found.jobs.start(name, kind);
          if (found.isRemote && !flags.wait) {
            if (context.terminal.json) context.terminal.printJson({ message_type: 'started', runId });
            else context.terminal.note(`Run ${runId} has begun.`);
            return;
          }
          const run = await waitFor(context, found, name, runId);
          showEnd(context.terminal, run);
          context.setExitCode(exitCodeOf(run));
        });
      },
    );
}

function addStatus(jobs: Command): void {
  add(jobs, 'status')
    .description('state, last and next run, progress')
    .addArgument(new Argument('[name]', 'of one job (default: all)'))
    .addOption(new Option('-f, --follow', 'keep showing progress until the run ends'))
    .action((name: string | undefined, flags: { follow?: boolean }, command: Command) =>
      look(command, async (context, found) => {
        if (name === undefined && flags.follow !== true) {
          for (const status of await found.jobs.list())
            showStatus(context.terminal, status, context.clock.now());
        } else if (flags.follow === true) {
          await follow(context, found.jobs, name);
        } else {
          showStatus(context.terminal, await found.jobs.status(name ?? ''), context.clock.now());
        }
      }),
    );
}

function addPause(jobs: Command): void {
  add(jobs, 'pause')
    .description('start no run of a job until it is resumed; one that goes on is not stopped')
    .addArgument(new Argument('<name>', 'of the job'))
    .addOption(new Option('--for <time>', 'only so long: 90m, 2h, 3d').argParser(spanMs))
    .action((name: string, flags: { for?: number }, command: Command) =>
      look(command, async ({ terminal, clock }, found) => {
        const untilMs = flags.for === undefined ? undefined : clock.now() + flags.for;
        showStatus(terminal, await found.jobs.pause(name, untilMs), clock.now());
      }),
    );
  add(jobs, 'resume')
    .description('end a pause; a turn that was missed comes at once')
    .addArgument(new Argument('<name>', 'of the job'))
    .action((name: string, _flags: unknown, command: Command) =>
      look(command, async ({ terminal, clock }, found) =>
        showStatus(terminal, await found.jobs.resume(name), clock.now()),
      ),
    );
}

async function look(
  command: Command,
  work: (context: Context, found: FoundJobs) => Promise<void>,
): Promise<void> {
  const context = createContext(command);
  await withJobs(context, command, 'look', (found) => work(context, found));
}

async function showAll({ terminal }: Context, { jobs }: FoundJobs): Promise<void> {
  showJobs(terminal, await jobs.list());
}

/** @throws INTERRUPTED on Ctrl-C: a run in this process ends with it, one of a gateway goes on. */
async function waitFor(
  { terminal, clock, signal }: Context,
  { jobs, isRemote }: FoundJobs,
  job: string,
  runId: string,
): Promise<JobRunView> {
  try {
    for (;;) {
      const status = await jobs.status(job);
      const run = await jobs.run(runId);
      if (run !== undefined && run.endedAt !== null) return run;
      if (run === undefined && !['waiting', 'running'].includes(status.state)) {
        throw new GatehouseError('JOB_FAILED', 'The run ended before it began; the gateway is stopping.');
      }
      showProgress(terminal, status, clock.now());
      await sleep(clock, lookEveryMs, signal);
    }
  } finally {
    terminal.endProgress();
    if (signal.aborted && isRemote) terminal.note('The run goes on in the gateway.');
  }
}

/** Until the run that goes on has ended; when none does, until the next one has. */
async function follow({ terminal, clock, signal }: Context, jobs: JobControl, job: string | undefined) {
  let runId: string | undefined;
  for (;;) {
    const all = job === undefined ? await jobs.list() : [await jobs.status(job)];
    const followed = all.find(
      ({ running }) => running !== null && (runId ?? running.run.id) === running.run.id,
    );
    if (followed === undefined && runId !== undefined) {
      const run = await jobs.run(runId);
      if (run !== undefined) showEnd(terminal, run);
      return;
    }
    runId = followed?.running?.run.id;
    if (followed !== undefined) showProgress(terminal, followed, clock.now());
    else if (!terminal.json) terminal.progress('no run goes on; waiting for the next one');
    await sleep(clock, lookEveryMs, signal);
  }
}

function exitCodeOf({ state }: JobRunView): number {
  if (state === 'SUCCEEDED') return exitCodes.done;
  if (state === 'PARTIAL') return exitCodes.partly;
  return state === 'INTERRUPTED' ? exitCodes.interrupted : exitCodes.failed;
}
