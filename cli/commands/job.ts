/** `gatehouse job`: what devices are to do, as AWS IoT Jobs: create, list, show, cancel. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { JobView } from '../../core/wire/jobs.js';
import { addBackendOptions, connectBackend } from '../backend.js';
import { describeJob, jobRows, targetsOf } from '../fleet-display.js';
import { count, percent } from '../option-values.js';
import { formatTable } from '../terminal.js';

interface CreateOptions extends RolloutOptions {
  readonly document: string;
  readonly description?: string;
  readonly timeoutMinutes?: number;
}

export function addJob(program: Command): void {
  const job = program
    .command('job')
    .description('jobs for devices, as AWS IoT Jobs: create, list, show, cancel');
  addBackendOptions(job);
  addCreate(job);
  addList(job);
  addShow(job);
  addCancel(job);
}

function addCreate(job: Command): void {
  const command = job
    .command('create')
    .description('give devices something to do')
    .argument('<id>', 'name of the job: letters, digits, - and _; used once')
    .addOption(
      new Option('--document <json>', 'what to do: JSON, or @FILE to read it from').makeOptionMandatory(),
    );
  addRolloutOptions(command)
    .addOption(new Option('--description <text>', 'for people'))
    .addOption(
      new Option('--timeout-minutes <n>', 'longest time from start to end on a device').argParser(count),
    )
    .action(async (id: string, options: CreateOptions, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const body = {
        id,
        document: await readDocument(options.document),
        ...rolloutOf(options),
        ...(options.description !== undefined && { description: options.description }),
        ...(options.timeoutMinutes !== undefined && { timeoutMinutes: options.timeoutMinutes }),
      };
      const made = await api.post<JobView>('/jobs', body);
      if (terminal.json) return terminal.printJson(made);
      terminal.print(`Created job ${id} for ${countOf(deviceCount(made), 'device')}.`);
      terminal.note(`Watch it: gatehouse job show ${id}`);
      return undefined;
    });
}

export interface RolloutOptions {
  readonly things?: string;
  readonly all?: boolean;
  readonly perMinute?: number;
  readonly waves?: string;
  readonly abortAbove?: number;
  readonly abortAfter?: number;
  readonly urlSeconds?: number;
}

/** Who gets a job, how fast, and when to stop. */
export function addRolloutOptions(command: Command): Command {
  return command
    .addOption(new Option('--things <names>', 'devices, separated by commas'))
    .addOption(new Option('--all', 'every device that there is now').conflicts('things'))
    .addOption(new Option('--per-minute <n>', 'devices that get it within a minute').argParser(count))
    .addOption(new Option('--waves <sizes>', 'devices that have it after each wave, such as 1,10%,100%'))
    .addOption(
      new Option('--abort-above <percent>', 'stop when that part of the finished ones failed').argParser(
        percent,
      ),
    )
    .addOption(
      new Option('--abort-after <n>', 'but not before so many finished (default 1)').argParser(count),
    )
    .addOption(
      new Option(
        '--url-seconds <n>',
        'how long presigned URLs in the document are valid, 60 to 3600 (default 3600)',
      ).argParser(count),
    );
}

export function rolloutOf(options: RolloutOptions) {
  const { perMinute, waves, abortAbove, abortAfter, urlSeconds } = options;
  const rollout = {
    ...(perMinute !== undefined && { maximumPerMinute: perMinute }),
    ...(waves !== undefined && { waves: waves.split(',').map((size) => waveOf(size.trim())) }),
  };
  const minFinished = abortAfter === undefined ? {} : { minFinished: abortAfter };
  return {
    targets: targetsOf(options),
    rollout,
    ...(abortAbove !== undefined && { abort: { failedPercent: abortAbove, ...minFinished } }),
    ...(urlSeconds !== undefined && { presignedUrlSeconds: urlSeconds }),
  };
}

function waveOf(size: string): string | number {
  return size.endsWith('%') ? size : Number(size);
}

function addList(job: Command): void {
  job
    .command('list')
    .description('every job, newest first, and how far it is')
    .action(async (_options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const jobs = await api.get<JobView[]>('/jobs');
      if (terminal.json) return terminal.printJson(jobs);
      if (jobs.length === 0) return terminal.note('No jobs yet. Make one: gatehouse job create --help');
      for (const line of formatTable(jobRows(jobs))) terminal.print(line);
      return undefined;
    });
}

function addShow(job: Command): void {
  job
    .command('show')
    .description('one job and what became of it on each device')
    .argument('<id>', 'the job')
    .action(async (id: string, _options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const view = await api.get<JobView>(`/jobs/${encodeURIComponent(id)}`);
      if (terminal.json) return terminal.printJson(view);
      for (const line of describeJob(view)) terminal.print(line);
      return undefined;
    });
}

function addCancel(job: Command): void {
  job
    .command('cancel')
    .description('stop a job: devices that have not begun never do')
    .argument('<id>', 'the job')
    .addOption(new Option('--force', 'also where it is in progress'))
    .addOption(new Option('--reason <text>', 'kept with the job'))
    .action(async (id: string, options: { force?: boolean; reason?: string }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const view = await api.post<JobView>(`/jobs/${encodeURIComponent(id)}/cancel`, options);
      if (terminal.json) return terminal.printJson(view);
      terminal.print(`Cancelled job ${id}.`);
      return undefined;
    });
}

async function readDocument(text: string): Promise<unknown> {
  try {
    return JSON.parse(text.startsWith('@') ? await readFile(text.slice(1), 'utf8') : text);
  } catch (error) {
    throw new GatehouseError('DOCUMENT_INVALID', `The document cannot be read: ${messageOf(error)}.`, {
      hint: `Give JSON, such as --document '{"operation": "report"}', or a file with @.`,
    });
  }
}

function deviceCount(job: JobView): number {
  return Object.values(job.counts).reduce((sum, n) => sum + n, 0);
}
