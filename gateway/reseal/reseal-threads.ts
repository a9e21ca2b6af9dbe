/** Reseals stretches on all cores; a little is done here, since starting threads takes longer. */
import { availableParallelism } from 'node:os';
import { GatehouseError } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';
import { JobThreads } from '../threads/job-threads.js';
import type { Resealed, ResealJob, ResealReply, ResealSettings } from './protocol.js';
import { Resealer } from './resealer.js';

/** The bytes are outside of the heap. */
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 8 };
const defaultThreadsFromBytes = 16 * 1024 * 1024;

export interface ResealThreadsOptions {
  /** One per core unless told. */
  readonly count?: number;
  /** So many bytes are resealed on this thread first. */
  readonly threadsFromBytes?: number;
}

export class ResealThreads implements Closeable {
  /** Jobs that keep every thread busy. */
  readonly jobsAtOnce: number;
  readonly #threads: JobThreads<ResealJob, ResealReply>;
  readonly #settings: ResealSettings;
  readonly #threadsFromBytes: number;
  #here: Promise<Resealer> | undefined;
  #bytesHere = 0;

  constructor(settings: ResealSettings, options: ResealThreadsOptions = {}) {
    const { count = availableParallelism(), threadsFromBytes = defaultThreadsFromBytes } = options;
    this.#threadsFromBytes = threadsFromBytes;
    this.#settings = settings;
    this.jobsAtOnce = count + 2;
    this.#threads = new JobThreads({ program: 'reseal/worker.js', settings, count, resourceLimits });
  }

  /** Gives the job's bytes away. @throws REPOSITORY_DAMAGED. */
  async reseal(job: ResealJob): Promise<Resealed> {
    if (this.#bytesHere < this.#threadsFromBytes) {
      this.#bytesHere += job.bytes.length;
      this.#here ??= Resealer.open(this.#settings);
      return (await this.#here).reseal(job);
    }
    const reply = await this.#threads.run(job, [job.bytes.buffer]);
    if ('sizes' in reply) return reply;
    const { code, failure, hint } = reply;
    throw new GatehouseError(code, failure, hint === undefined ? {} : { hint });
  }

  close(): Promise<void> {
    return this.#threads.close();
  }
}
