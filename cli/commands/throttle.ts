/** `gatehouse throttle`: the pace of backups, changed while they run. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import type { ProcessStatus } from '../../gateway/throttle/control.js';
import { type Context, createContext } from '../context.js';
import { usageError } from '../exit-code.js';
import { duration, oneWayTimetable, rateTimetable } from '../option-values.js';

const orders = ['off', 'pause', 'resume', 'default', 'status'];

const help = `
Orders:
  500k, 2M, 10M:1M       upload at most this (with a colon: upload and download)
  "08:00,512k 23:00,off" by hour of every day, local time
  "Mon-08:00,300k Sat-00:00,off"
                         by day and hour of the week
  off                    no limit in either direction
  pause, resume          no byte moves; backups wait and go on where they were
  default                as options and configuration say
  status                 what is in force (also without an order)

It changes the running gateway and every running command of the data directory at once, and
those that start later; each has the rate for itself. --yield on lets all of them fall back
while others use the line, beside any rate. While paused, only the repository's locks are kept up: about two
kilobytes every five minutes, so that nobody else takes them for stale.`;

interface ThrottleFlags {
  readonly download?: string;
  readonly for?: number;
  readonly yield?: boolean;
}

export function addThrottle(program: Command): void {
  program
    .command('throttle')
    .description('show or change the pace of running and coming backups')
    .addArgument(
      new Argument('[rate]', 'a rate, a timetable, off, pause, resume, default or status').argParser(
        (text) => (orders.includes(text) ? text : rateTimetable(text)),
      ),
    )
    .addOption(new Option('--download <rate>', 'download at most this').argParser(oneWayTimetable))
    .addOption(new Option('--for <duration>', 'only for so long: 2h, 30m').argParser(duration))
    .addOption(
      new Option(
        '--yield <on|off>',
        'fall back while others use the line, as a background flow should',
      ).argParser(onOrOff),
    )
    .addHelpText('after', help)
    .action(async (rate: string | undefined, flags: ThrottleFlags, command: Command) => {
      const context = createContext(command);
      const isQuestion =
        rate === 'status' ||
        (rate === undefined && flags.download === undefined && flags.yield === undefined);
      const hasRate = !isQuestion && (rate !== undefined || flags.download !== undefined);
      if (!hasRate && flags.for !== undefined)
        throw usageError('Nothing to set for a while.', 'Give a rate with --for.');
      const folders = await foldersOf(context.dataDir);
      if (!isQuestion) await order(context, folders, rate, flags);
      await show(context, folders);
    });
}

/** A gateway that `gatehouse up` or a service runs keeps its data one folder deeper. */
async function foldersOf(dataDir: string): Promise<string[]> {
  const gateway = join(dataDir, 'gateway');
  const found = await stat(gateway).catch(() => undefined);
  return found?.isDirectory() ? [dataDir, gateway] : [dataDir];
}

async function order(
  { clock }: Context,
  folders: readonly string[],
  rate: string | undefined,
  flags: ThrottleFlags,
): Promise<void> {
  if (flags.for !== undefined && (rate === 'resume' || rate === 'default')) {
    throw usageError(`"${rate}" holds until further notice.`, 'Leave --for out.');
  }
  const { newSetting } = await import('../../gateway/throttle/new-setting.js');
  const { readThrottleSetting, writeThrottleSetting } = await import(
    '../../gateway/throttle/throttle-file.js'
  );
  const untilMs = flags.for === undefined ? undefined : clock.now() + flags.for;
  for (const folder of folders) {
    // A damaged file must not keep the user from setting it anew.
    const before = rate === 'default' ? {} : await readThrottleSetting(folder);
    await writeThrottleSetting(
      folder,
      newSetting(before, { rate, download: flags.download, untilMs, yields: flags.yield }),
    );
  }
}

async function show({ terminal, clock, dataDir }: Context, folders: readonly string[]): Promise<void> {
  const { askProcesses } = await import('../../gateway/throttle/control.js');
  const { readThrottleSetting } = await import('../../gateway/throttle/throttle-file.js');
  const { Throttle } = await import('../../gateway/throttle/throttle.js');
  const processes = (await Promise.all(folders.map((folder) => askProcesses(folder, clock)))).flat();
  const throttle = Throttle.open({ clock });
  try {
    throttle.set(await readThrottleSetting(dataDir));
    const set = throttle.status();
    if (terminal.json) {
      terminal.printJson({ message_type: 'throttle', set, processes });
      return;
    }
    terminal.print(`Set here: ${sentenceOf(set)}`);
    for (const status of processes) {
      terminal.print(`Process ${status.pid} (${status.program}): ${sentenceOf(status)}, ${movement(status)}`);
    }
    if (processes.length === 0) terminal.note('Nothing runs now; what starts later follows.');
  } finally {
    await throttle.close();
  }
}

type Status = Omit<ProcessStatus, 'pid' | 'program'>;

function sentenceOf(status: Status): string {
  const until = status.until === null ? '' : ` until ${status.until}`;
  if (status.paused) return `paused${until}`;
  const limits = `upload ${rateText(status.upload_limit)}, download ${rateText(status.download_limit)}`;
  const why = { temporary: 'set for a while', setting: 'set', start: 'as started', none: 'nothing set' };
  const { next } = status;
  const later =
    next === null
      ? ''
      : `; from ${next.at} upload ${rateText(next.upload_limit)}, download ${rateText(next.download_limit)}`;
  return `${limits} (${why[status.source]}${until})${later}${yielding(status)}`;
}

function yielding({ yielding: found }: Status): string {
  if (found === null) return '';
  const { upload_ceiling: ceiling, queue_delay_ms: queueMs, base_delay_ms: baseMs } = found;
  if (queueMs === null || baseMs === null) return '; yielding';
  const delay = `delay +${Math.round(queueMs)} ms over ${Math.round(baseMs)} ms`;
  return `; yielding: ${ceiling === null ? '' : `${rateText(ceiling)}, `}${delay}`;
}

function movement(status: Status): string {
  return `sends ${rateText(status.upload_rate)}, receives ${rateText(status.download_rate)}`;
}

function onOrOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('Write on or off.');
  return text === 'on';
}

function rateText(bytesPerSecond: number | null): string {
  if (bytesPerSecond === null) return 'without limit';
  if (bytesPerSecond >= 1024 ** 2) return `${(bytesPerSecond / 1024 ** 2).toFixed(2)} MiB/s`;
  return `${(bytesPerSecond / 1024).toFixed(1)} KiB/s`;
}
