/**
 * Threads that run one program: a job goes to the least busy one, which answers in order. They start
 * when they are first needed. The caller bounds how many jobs are under way.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { Closeable } from '../../core/lifecycle.js';

interface Waiter<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread<Reply> {
  readonly worker: Worker;
  /** Jobs under way, oldest first. */
  readonly waiting: Waiter<Reply>[];
}

export interface JobThreadsOptions {
  /** Compiled program, from the folder `gateway` on: `check/worker.js`. */
  readonly program: string;
  readonly settings: unknown;
  readonly count: number;
  readonly resourceLimits: ResourceLimits;
}

export class JobThreads<Job, Reply> implements Closeable {
  readonly #options: JobThreadsOptions;
  readonly #threads: Thread<Reply>[] = [];
  #dead: unknown;

  constructor(options: JobThreadsOptions) {
    this.#options = options;
  }

  /** @throws what ended a thread: after one has died none takes jobs. */
  run(job: Job, transfer: readonly ArrayBuffer[] = []): Promise<Reply> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    const { worker, waiting } = this.#leastBusy();
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(job, transfer);
    });
  }

  /** Jobs under way are given up. */
  async close(): Promise<void> {
    this.#die(new Error('the threads were closed'));
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  #leastBusy(): Thread<Reply> {
    const [first] = this.#threads;
    let best = first;
    for (const thread of this.#threads) {
      if (best !== undefined && thread.waiting.length < best.waiting.length) best = thread;
    }
    const isFull = this.#threads.length >= this.#options.count;
    return best !== undefined && (isFull || best.waiting.length === 0) ? best : this.#start();
  }

  #start(): Thread<Reply> {
    const { program, settings, resourceLimits } = this.#options;
    const worker = new Worker(pathOf(program), { workerData: settings, resourceLimits, execArgv: [] });
    const thread: Thread<Reply> = { worker, waiting: [] };
    worker.on('message', (reply: Reply) => thread.waiting.shift()?.resolve(reply));
    worker.on('error', (error) => this.#die(error));
    worker.on('exit', () => this.#die(new Error(`a thread of ${program} ended unexpectedly`)));
    this.#threads.push(thread);
    return thread;
  }

  #die(error: unknown): void {
    this.#dead ??= error;
    for (const { waiting } of this.#threads) {
      for (const { reject } of waiting.splice(0)) reject(this.#dead);
    }
  }
}

/** Run from its sources, as tests do, the compiled program of a thread is in `dist`. */
function pathOf(program: string): string {
  const beside = new URL(`../${program}`, import.meta.url);
  const built = new URL(`../../dist/gateway/${program}`, import.meta.url);
  return fileURLToPath(existsSync(beside) ? beside : built);
}
