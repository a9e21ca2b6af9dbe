/**
 * Keeps jobs moving: rolls out, ends what runs too long, and tells devices when what they are to do has
 * changed. Everything it knows is in the database: a restart goes on where it was.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { JsonObject } from '../../core/json.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { CreateJob, JobView } from '../../core/wire/jobs.js';
import { reservedTopic } from '../../core/wire/topics.js';
import type { Described, ExecutionStore } from './execution-store.js';
import { seconds, wireExecution, wireSummary } from './executions.js';
import type { JobDocuments } from './job-documents.js';
import type { JobStore } from './job-store.js';

export interface JobEngineOptions {
  readonly jobs: JobStore;
  readonly executions: ExecutionStore;
  readonly documents: JobDocuments;
  readonly clock: Clock;
  readonly log: Logger;
  /** To the thing's own subscriptions; gone when it is away. */
  readonly publish: (thing: string, topic: string, payload: string) => void;
  /** Called when a job or one of its executions has changed. */
  readonly onJob?: (id: string) => void;
}

const tickMs = 5_000;

export class JobEngine implements Closeable {
  readonly #options: JobEngineOptions;
  /** What was last told to be next; a device that was away then asks when it connects. */
  readonly #next = new Map<string, string | undefined>();
  #timer: Timer | undefined;
  #working: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: JobEngineOptions) {
    this.#options = options;
  }

  static start(options: JobEngineOptions): JobEngine {
    const engine = new JobEngine(options);
    engine.#plan();
    return engine;
  }

  /** @throws JOB_EXISTS, JOB_INVALID, JOB_DOCUMENT_INVALID, and what presigning throws. */
  async create(request: CreateJob): Promise<JobView> {
    const { document: content, presignedUrlSeconds: urlSeconds } = request;
    await this.#options.documents.check({ content, urlSeconds });
    await this.#options.jobs.create(request);
    await this.#advance(request.id);
    return this.#options.jobs.get(request.id);
  }

  /** @throws JOB_UNKNOWN, JOB_ENDED */
  async cancel(id: string, reason: string, force: boolean): Promise<JobView> {
    const things = await this.#options.jobs.cancel(id, reason, force);
    this.#options.onJob?.(id);
    for (const thing of things) await this.#tellPending(thing);
    return this.#options.jobs.get(id);
  }

  /** After a device has changed an execution; `ended` when it is over. What follows is done after it. */
  executionChanged(job: string, thing: string, ended: boolean): void {
    this.#options.onJob?.(job);
    if (!ended) return;
    this.#then(async () => {
      await this.#tellPending(thing);
      await this.#advance(job);
    });
  }

  /**
   * Tells the device what is pending, and what is next. Only to be called when an execution was added
   * to that list or taken from it.
   */
  async #tellPending(thing: string): Promise<void> {
    const { executions, clock, publish } = this.#options;
    const pending = await executions.pending(thing);
    const next = await executions.next(thing);
    const timestamp = seconds(clock.now());
    const jobs: Record<string, JsonObject[]> = {};
    for (const execution of pending) {
      const listed = jobs[execution.status] ?? [];
      jobs[execution.status] = listed;
      listed.push(wireSummary(execution));
    }
    publish(thing, reservedTopic(thing, 'jobs/notify'), JSON.stringify({ jobs, timestamp }));
    if (this.#next.has(thing) && this.#next.get(thing) === next?.execution.job) return;
    const execution = await this.#notice(next);
    // The device finds the job when it asks; with a placeholder in it, it could do nothing.
    if (execution === 'not now') return;
    this.#next.set(thing, next?.execution.job);
    const body = { timestamp, ...(execution !== undefined && { execution }) };
    publish(thing, reservedTopic(thing, 'jobs/notify-next'), JSON.stringify(body));
  }

  async #notice(next: Described | undefined): Promise<JsonObject | undefined | 'not now'> {
    if (next?.document === undefined) return undefined;
    const { documents, log } = this.#options;
    try {
      return { ...wireExecution(next.execution), jobDocument: await documents.handOut(next.document) };
    } catch (error) {
      log.error('device not told of its next job', { job: next.execution.job, error });
      return 'not now';
    }
  }

  /** Takes no new work and waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#working;
  }

  #plan(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(
      tickMs,
      () => {
        this.#then(() => this.#tick());
        this.#then(async () => this.#plan());
      },
      { background: true },
    );
  }

  /** One thing after another. What fails is tried again at the next tick. */
  #then(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((error: unknown) => {
      this.#options.log.error('jobs not moved on', { error });
    });
  }

  async #tick(): Promise<void> {
    const { jobs, log, onJob } = this.#options;
    for (const { job, thing } of await jobs.expire()) {
      log.warn('a job ran too long on a device', { job, thing });
      onJob?.(job);
      await this.#tellPending(thing);
    }
    for (const id of await jobs.openJobs()) await this.#advance(id);
  }

  async #advance(id: string): Promise<void> {
    const { things, isChanged } = await this.#options.jobs.advance(id);
    if (isChanged) this.#options.onJob?.(id);
    for (const thing of things) await this.#tellPending(thing);
  }
}
