/** One worker as the main thread sees it: jobs in, replies out, in order. Its death fails every job. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Closeable } from '../../core/lifecycle.js';
import { spoolUnusable } from '../errors.js';
import { GrowingBlobList } from '../repository/blob-list.js';
import { packOverheadBytes, packSizeShare } from '../repository/pack-format.js';
import type { FinishedPack } from '../repository/pack-writer.js';
import type {
  FailureReply,
  JobReply,
  JobRequest,
  Message,
  PackReply,
  Reply,
  WorkerSettings,
} from './protocol.js';

/** Contents are outside of the heap; what is in it is short-lived. */
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 6 };
const idDigits = 64;

/** The reply that belongs to a request. */
export type ReplyTo<R extends JobRequest> = R extends { type: 'store' }
  ? Extract<JobReply, { type: 'store' }>
  : R extends { type: 'finish' }
    ? Extract<JobReply, { type: 'finish' }>
    : Extract<JobReply, { type: 'read' }>;

interface Waiter {
  resolve(reply: JobReply): void;
  reject(error: unknown): void;
}

export class WorkerThread implements Closeable {
  /** Work under way, in arbitrary units; the engine's to keep. */
  load = 0;
  readonly #worker: Worker;
  /** Where it writes packs. */
  readonly #folder: string;
  readonly #waiters = new Map<number, Waiter>();
  #jobs = 0;
  #dead: unknown;

  private constructor(worker: Worker, folder: string) {
    this.#worker = worker;
    this.#folder = folder;
  }

  /** `onPack` is told of each pack as it is complete. */
  static start(settings: WorkerSettings, onPack: (pack: FinishedPack) => void): WorkerThread {
    const worker = new Worker(programPath(), { workerData: settings, resourceLimits, execArgv: [] });
    const thread = new WorkerThread(worker, settings.folder);
    worker.on('message', (reply: Reply) => {
      if (reply.type === 'pack') onPack(decodePack(reply));
      else thread.#settle(reply);
    });
    worker.on('error', (error) => thread.#die(error));
    worker.on('exit', () => thread.#die(new Error('a worker thread of the backup ended unexpectedly')));
    return thread;
  }

  /** Jobs may name it from now on. */
  share(slot: number, memory: SharedArrayBuffer): void {
    this.#post({ type: 'slot', slot, memory });
  }

  /** @throws what the worker could not do that no single file is to blame for. */
  async run<R extends JobRequest>(request: R): Promise<ReplyTo<R>> {
    if (this.#dead !== undefined) throw this.#dead;
    const job = ++this.#jobs;
    const reply = await new Promise<JobReply>((resolve, reject) => {
      this.#waiters.set(job, { resolve, reject });
      this.#post({ ...request, job });
    });
    if (reply.type === 'failure') throw this.#failureOf(reply);
    return reply as ReplyTo<R>;
  }

  /** Files that cannot be read are no failure of a job, so that the system refused to write a pack. */
  #failureOf({ code, message }: FailureReply): Error {
    const error = Object.assign(new Error(message), { code });
    return code === undefined ? error : spoolUnusable(this.#folder, error);
  }

  async close(): Promise<void> {
    this.#die(new Error('the worker thread was closed'));
    await this.#worker.terminate();
  }

  #post(message: Message): void {
    this.#worker.postMessage(message);
  }

  #settle(reply: JobReply): void {
    this.#waiters.get(reply.job)?.resolve(reply);
    this.#waiters.delete(reply.job);
  }

  #die(error: unknown): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiters.values()) reject(this.#dead);
    this.#waiters.clear();
  }
}

export function decodePack(reply: PackReply): FinishedPack {
  const blobs = new GrowingBlobList('data');
  let sizeBytes = packOverheadBytes;
  for (const [at, length] of reply.lengths.entries()) {
    const id = reply.ids.slice(at * idDigits, (at + 1) * idDigits);
    const uncompressedLength = reply.uncompressedLengths[at] as number;
    blobs.add(id, length, uncompressedLength);
    sizeBytes += packSizeShare({ length, uncompressedLength });
  }
  const { packId, filePath } = reply;
  return { packId, filePath, sizeBytes, blobs };
}

/** Run from its sources, as tests do, the compiled program of the worker is in `dist`. */
function programPath(): string {
  const beside = new URL('./worker.js', import.meta.url);
  const built = new URL('../../dist/gateway/engine/worker.js', import.meta.url);
  return fileURLToPath(existsSync(beside) ? beside : built);
}
