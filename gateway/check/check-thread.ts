/** One checking thread as the main thread sees it: one pack at a time, the problems back. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Closeable } from '../../core/lifecycle.js';
import type { Problem } from '../repository/types.js';
import type { CheckSettings, PackJob, PackReply } from './protocol.js';

/** Packs are outside of the heap. */
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

export class CheckThread implements Closeable {
  readonly #worker: Worker;
  #waiter: { resolve(problems: readonly Problem[]): void; reject(error: unknown): void } | undefined;
  #dead: unknown;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static start(settings: CheckSettings): CheckThread {
    const worker = new Worker(programPath(), { workerData: settings, resourceLimits, execArgv: [] });
    const thread = new CheckThread(worker);
    worker.on('message', (reply: PackReply) => thread.#settle(reply));
    worker.on('error', (error) => thread.#die(error));
    worker.on('exit', () => thread.#die(new Error('a checking thread ended unexpectedly')));
    return thread;
  }

  /** Call again only when it has resolved. */
  async prove(job: PackJob): Promise<readonly Problem[]> {
    if (this.#dead !== undefined) throw this.#dead;
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#worker.postMessage(job);
    });
  }

  async close(): Promise<void> {
    this.#die(new Error('the checking thread was closed'));
    await this.#worker.terminate();
  }

  #settle(reply: PackReply): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if ('problems' in reply) waiter?.resolve(reply.problems);
    else waiter?.reject(new Error(reply.failure));
  }

  #die(error: unknown): void {
    this.#dead ??= error;
    this.#waiter?.reject(this.#dead);
    this.#waiter = undefined;
  }
}

/** Run from its sources, as tests do, the compiled program of the thread is in `dist`. */
function programPath(): string {
  const beside = new URL('./worker.js', import.meta.url);
  const built = new URL('../../dist/gateway/check/worker.js', import.meta.url);
  return fileURLToPath(existsSync(beside) ? beside : built);
}
