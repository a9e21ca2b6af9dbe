/**
 * Proves packs in files of this machine on all cores. This thread takes part: it has nothing else to do, and
 * another one would take memory of its own.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfAborted } from '../../core/bounded.js';
import { GatehouseError, systemCode } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';
import { Scratch } from '../repository/blob-opener.js';
import type { Sealer } from '../repository/crypto.js';
import type { Problem } from '../repository/types.js';
import type { JobThreads } from '../threads/job-threads.js';
import { Pool } from './pool.js';
import type { FileJob, PackJob, PackReply } from './protocol.js';
import { proveFile } from './prove-pack.js';

/** So that a thread has the next one at hand when it is done while this thread is busy with a blob. */
const jobsPerThread = 2;

type Prove = (job: FileJob) => Promise<readonly Problem[] | undefined>;

export class FileProofs implements Closeable {
  /** Packs that are proved or wait for a thread. */
  readonly jobsAtOnce: number;
  readonly #sealer: Sealer;
  readonly #threads: JobThreads<PackJob, PackReply>;
  readonly #signal: AbortSignal | undefined;
  readonly #provers: Pool<Prove>;
  #scratch: Promise<Scratch> | undefined;

  /** @param threads all but this one; closed with this. */
  constructor(
    sealer: Sealer,
    threads: { readonly jobs: JobThreads<PackJob, PackReply>; readonly count: number },
    signal: AbortSignal | undefined,
  ) {
    this.#sealer = sealer;
    this.#threads = threads.jobs;
    this.#signal = signal;
    this.jobsAtOnce = 1 + threads.count * jobsPerThread;
    const onThread: Prove = (job) => this.#proveOnThread(job);
    const others = Array.from({ length: threads.count * jobsPerThread }, () => onThread);
    this.#provers = new Pool([(job) => this.#proveHere(job), ...others]);
  }

  /** @returns undefined when the file cannot be read. @throws INTERRUPTED. */
  prove(job: FileJob): Promise<readonly Problem[] | undefined> {
    return this.#provers.use((prove) => prove(job));
  }

  close(): Promise<void> {
    return this.#threads.close();
  }

  async #proveOnThread(job: FileJob): Promise<readonly Problem[] | undefined> {
    const reply = await this.#threads.run(job);
    return 'failure' in reply ? undefined : reply.problems;
  }

  async #proveHere(job: FileJob): Promise<readonly Problem[] | undefined> {
    this.#scratch ??= Scratch.open();
    try {
      return await proveFile(job, this.#sealer, await this.#scratch, () => this.#letOthersIn());
    } catch (error) {
      if (error instanceof GatehouseError || systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  /** Signals, answers of threads and progress come in between blobs. */
  async #letOthersIn(): Promise<void> {
    throwIfAborted(this.#signal);
    await nextTurn();
  }
}
