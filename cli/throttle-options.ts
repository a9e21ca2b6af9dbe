/** The one throttle of this process, which all buckets that a command opens share, and its options. */
import { type Command, Option } from 'commander';
import { Lifetimes } from '../core/lifecycle.js';
import type { Throttle } from '../gateway/throttle/throttle.js';
import type { Context } from './context.js';
import { oneWayTimetable, rateTimetable } from './option-values.js';

export interface LimitFlags {
  readonly limitUpload?: string | undefined;
  readonly limitDownload?: string | undefined;
  readonly yield?: boolean | undefined;
}

export function withLimitOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--limit-upload <rate>',
        'at most this: 300k, 2M per second (a plain number is KiB/s), or a timetable: "08:00,512k 23:00,off"',
      ).argParser(rateTimetable),
    )
    .addOption(
      new Option('--limit-download <rate>', 'at most this, as --limit-upload').argParser(oneWayTimetable),
    )
    .option('--yield', 'fall back while others use the line, as a background flow should');
}

interface Shared {
  readonly throttle: Promise<Throttle>;
  readonly lifetimes: Lifetimes;
  users: number;
}

let shared: Shared | undefined;

/** The flags of the first caller count. Closes when the last one's `lifetimes` do. */
export function shareThrottle(context: Context, flags: LimitFlags, lifetimes: Lifetimes): Promise<Throttle> {
  shared ??= begin(context, flags);
  const mine = shared;
  mine.users += 1;
  lifetimes.defer('throttle', async () => {
    mine.users -= 1;
    if (mine.users > 0) return;
    if (shared === mine) shared = undefined;
    await mine.lifetimes.close();
  });
  return mine.throttle;
}

function begin(context: Context, flags: LimitFlags): Shared {
  const { limitUpload: upload, limitDownload: download } = flags;
  const lifetimes = new Lifetimes();
  const open = async () => {
    const { openThrottle } = await import('../gateway/throttle/control.js');
    const { clock, log, dataDir } = context;
    return await openThrottle({
      limits: { upload, download },
      yields: flags.yield,
      dataDir,
      program: 'command',
      clock,
      log,
      lifetimes,
    });
  };
  return { throttle: open(), lifetimes, users: 0 };
}
