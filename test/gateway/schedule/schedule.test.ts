import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../../core/log.js';
import { type RunOutcome, Schedule } from '../../../gateway/schedule/schedule.js';
import { parseWhen } from '../../../gateway/schedule/when.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const minute = 60_000;

/** A job whose runs last until the test ends them. */
class Runs {
  readonly startedMs: number[] = [];
  readonly #clock: FakeClock;
  #end: ((outcome: RunOutcome) => void) | undefined;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  readonly run = (signal: AbortSignal) =>
    new Promise<RunOutcome>((resolve) => {
      this.startedMs.push(this.#clock.monotonicMs());
      this.#end = resolve;
      signal.addEventListener('abort', () => resolve('done'));
      for (const waiter of this.#waiting) if (this.startedMs.length >= waiter.count) waiter.resolve();
    });

  /** Resolves once the job has started so many times. */
  started(count: number): Promise<void> {
    if (this.startedMs.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  end(outcome: RunOutcome = 'done'): void {
    this.#end?.(outcome);
  }
}

async function setUp(every: string, options: { folder?: string; clock?: FakeClock } = {}) {
  const clock = options.clock ?? new FakeClock();
  const folder = options.folder ?? (await temporaryFolder());
  const runs = new Runs(clock);
  const filePath = join(folder, 'schedule.json');
  const jobs = [{ name: 'nas', when: every, turns: parseWhen(every), run: runs.run }];
  const schedule = await Schedule.open({ jobs, filePath, clock, log: silentLogger });
  onTestFinished(() => schedule.close());
  return { clock, folder, filePath, runs, schedule };
}

const stored = async (filePath: string) => JSON.parse(await readFile(filePath, 'utf8')).jobs.nas;

/** Waits until the file says that the job is not running. */
async function settled(filePath: string): Promise<void> {
  while ((await stored(filePath)).running) await new Promise(setImmediate);
}

describe('a schedule', () => {
  test('runs an interval job at once and then on its beat', async () => {
    const { clock, runs, filePath } = await setUp('15m');
    await runs.started(1);
    clock.advance(minute);
    runs.end();
    await settled(filePath);
    clock.advance(14 * minute - 1);
    expect(runs.startedMs).toEqual([0]);
    clock.advance(1);
    await runs.started(2);
    expect(runs.startedMs).toEqual([0, 15 * minute]);
  });

  test('never lets a job overlap itself, and leaves out the turns that fall into its run', async () => {
    const { clock, runs, filePath } = await setUp('15m');
    await runs.started(1);
    clock.advance(40 * minute);
    expect(runs.startedMs).toHaveLength(1);
    runs.end();
    await settled(filePath);
    clock.advance(5 * minute);
    await runs.started(2);
    expect(runs.startedMs).toEqual([0, 45 * minute]);
  });

  test('makes up once for turns missed in sleep, when timers stood still', async () => {
    const { clock, runs, filePath } = await setUp('1h');
    await runs.started(1);
    runs.end();
    await settled(filePath);
    clock.setWallClock(clock.now() + 10 * 60 * minute);
    clock.advance(30_000);
    await runs.started(2);
    expect(runs.startedMs).toEqual([0, 30_000]);
    runs.end();
    await settled(filePath);
    clock.advance(58 * minute);
    expect(runs.startedMs).toHaveLength(2);
  });

  test('keeps its next run over a restart', async () => {
    const first = await setUp('1h');
    await first.runs.started(1);
    first.runs.end();
    await settled(first.filePath);
    await first.schedule.close();
    first.clock.advance(20 * minute);
    const second = await setUp('1h', first);
    expect(second.schedule.nextRunMs('nas')! - second.clock.now()).toBe(40 * minute);
    expect(second.runs.startedMs).toEqual([]);
    second.clock.advance(40 * minute);
    await second.runs.started(1);
  });

  test('makes up after a start for a turn missed while it was off', async () => {
    const first = await setUp('daily 02:30');
    await first.schedule.close();
    first.clock.advance(25 * 60 * minute);
    const second = await setUp('daily 02:30', first);
    await second.runs.started(1);
  });

  test('runs a job again that was cut off by the end of the program', async () => {
    const first = await setUp('1h');
    await first.runs.started(1);
    await first.schedule.close();
    const second = await setUp('1h', first);
    await second.runs.started(1);
  });

  test('plans anew when the configuration says another time', async () => {
    const first = await setUp('daily 02:30');
    await first.schedule.close();
    const second = await setUp('daily 05:00', first);
    expect(new Date(second.schedule.nextRunMs('nas')!).getHours()).toBe(5);
  });

  test('tries again after 15 minutes what failed for a passing reason', async () => {
    const { clock, runs, schedule } = await setUp('daily 02:30');
    const run = schedule.runNow('nas');
    await runs.started(1);
    runs.end('again');
    await run;
    clock.advance(15 * minute);
    await runs.started(2);
  });

  test('does not wait for years when the clock is set back', async () => {
    const { clock, runs, filePath } = await setUp('1h');
    await runs.started(1);
    runs.end();
    await settled(filePath);
    clock.setWallClock(clock.now() - 365 * 24 * 60 * minute);
    clock.advance(61 * minute);
    await runs.started(2);
  });

  test('runs a job out of turn, but not twice at once, and knows its jobs', async () => {
    const { schedule, runs } = await setUp('daily 02:30');
    const run = schedule.runNow('nas');
    await runs.started(1);
    await expect(schedule.runNow('nas')).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    await expect(schedule.runNow('other')).rejects.toMatchObject({ code: 'JOB_UNKNOWN', hint: 'Jobs: nas.' });
    runs.end();
    await run;
    await schedule.close();
    await expect(schedule.runNow('nas')).rejects.toMatchObject({ code: 'SCHEDULE_CLOSED' });
  });

  test('ends running jobs on close and leaves no timer', async () => {
    const { clock, schedule, runs } = await setUp('15m');
    await runs.started(1);
    await schedule.close();
    await schedule.close();
    expect(clock.pendingCount).toBe(0);
  });

  test('begins anew when its file is broken', async () => {
    const folder = await temporaryFolder();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'schedule.json'), '{"version": 1, "jobs"');
    const { runs } = await setUp('15m', { folder });
    await runs.started(1);
  });
});
