/**
 * The restoring threads. Jobs go to the least busy one; the caller bounds how many are under way.
 * Threads start with the first job, so that a restore of nothing costs nothing.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type {
  Answer,
  CompareAnswer,
  CompareJob,
  ContentAnswer,
  ContentJob,
  Job,
  SharedProgress,
  WorkerSettings,
} from './messages.js';

/** A thread's garbage is small and short-lived; V8 would let it grow to 48 MiB before it looks. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };
/** More threads than this wait for one disk. */
const mostThreads = 8;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** Jobs under way, oldest first: a thread answers in order. */
  readonly waiting: Waiting[];
}

export class RestoreWorkers {
  readonly #settings: WorkerSettings;
  readonly #threads: Thread[] = [];
  #shared: SharedProgress | undefined;
  #failure: Error | undefined;
  /** Threads that may run at once. */
  readonly count: number;

  constructor(settings: WorkerSettings, count = Math.min(mostThreads, availableParallelism())) {
    this.#settings = settings;
    this.count = count;
  }

  /** Must come before the first content job. */
  begin(shared: SharedProgress): void {
    this.#shared = shared;
    for (const { worker } of this.#threads) worker.postMessage({ type: 'begin', shared });
  }

  /** Gives the job's buffers away. @throws Error when a thread died. */
  write(job: ContentJob): Promise<ContentAnswer> {
    const buffers = [job.chunks, job.ids, job.targets, job.files, ...(job.bytes ?? [])].map(
      ({ buffer }) => buffer,
    );
    return this.#run(job, buffers as ArrayBuffer[]) as Promise<ContentAnswer>;
  }

  compare(job: CompareJob): Promise<CompareAnswer> {
    return this.#run(job, []) as Promise<CompareAnswer>;
  }

  /** Lets each thread finish its jobs. */
  async close(): Promise<void> {
    await Promise.all(
      this.#threads.splice(0).map(({ worker }) => {
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        worker.postMessage({ type: 'end' });
        return ended;
      }),
    );
  }

  #run(job: Job, transfer: ArrayBuffer[]): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { worker, waiting } = this.#leastBusy();
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(job, transfer);
    });
  }

  #leastBusy(): Thread {
    const [first, ...others] = this.#threads;
    let best = first;
    for (const thread of others)
      if (best !== undefined && thread.waiting.length < best.waiting.length) best = thread;
    const isFree = best !== undefined && best.waiting.length === 0;
    if (best === undefined || (!isFree && this.#threads.length < this.count)) best = this.#start();
    return best;
  }

  #start(): Thread {
    const worker = new Worker(workerPath(), { workerData: this.#settings, resourceLimits });
    const thread: Thread = { worker, waiting: [] };
    worker.on('message', (answer: Answer) => thread.waiting.shift()?.resolve(answer));
    worker.on('error', (error: Error) => this.#fail(error));
    worker.on('exit', () => {
      if (thread.waiting.length > 0) this.#fail(new Error('a restoring thread ended'));
    });
    if (this.#shared !== undefined) worker.postMessage({ type: 'begin', shared: this.#shared });
    this.#threads.push(thread);
    return thread;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { waiting } of this.#threads) for (const { reject } of waiting.splice(0)) reject(error);
  }
}

/** Run from its sources, as tests do, the compiled thread is in `dist`. */
function workerPath(): string {
  const beside = new URL('./restore-worker.js', import.meta.url);
  const built = new URL('../../dist/gateway/restore/restore-worker.js', import.meta.url);
  return fileURLToPath(existsSync(beside) ? beside : built);
}
