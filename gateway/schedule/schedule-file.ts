/**
 * Remembers over restarts when each job runs next and whether it was cut off. A file that cannot be
 * read is begun anew: at worst a job runs once too often.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { systemCode } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import type { Logger } from '../../core/log.js';

const jobState = z.object({
  /** When it runs, as in the configuration; a job whose text was changed is planned anew. */
  every: z.string(),
  /** Milliseconds since the epoch. */
  nextRunMs: z.number(),
  /** True from the start of a run to its end. */
  running: z.boolean(),
  /** Absent unless paused. */
  pausedUntilMs: z.number().optional(),
});
export type JobState = z.infer<typeof jobState>;

const scheduleState = z.object({ version: z.literal(1), jobs: z.record(z.string(), jobState) });

export class ScheduleFile {
  readonly #filePath: string;
  readonly #log: Logger;
  #writing: Promise<void> = Promise.resolve();

  constructor(filePath: string, log: Logger) {
    this.#filePath = filePath;
    this.#log = log;
  }

  async read(): Promise<Map<string, JobState>> {
    try {
      const state = scheduleState.parse(JSON.parse(await readFile(this.#filePath, 'utf8')));
      return new Map(Object.entries(state.jobs));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') {
        this.#log.warn('the schedule cannot be read and is begun anew', { file: this.#filePath, error });
      }
      return new Map();
    }
  }

  /** Writes follow one another; a failure is logged, since a job must run all the same. */
  write(jobs: ReadonlyMap<string, JobState>): Promise<void> {
    const text = JSON.stringify({ version: 1, jobs: Object.fromEntries(jobs) }, null, 2);
    this.#writing = this.#writing.then(async () => {
      try {
        await writeFileDurably(this.#filePath, `${text}\n`);
      } catch (error) {
        this.#log.error('the schedule cannot be written', { file: this.#filePath, error });
      }
    });
    return this.#writing;
  }
}
