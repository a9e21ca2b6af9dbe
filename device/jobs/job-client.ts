/**
 * The agent's side of AWS IoT Jobs, on AWS IoT Core as on our own broker: one job at a time, in the
 * cloud's order. Nothing is kept here: after a restart the cloud names the job that is in progress, and
 * its handler finds out how far it was.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.js';
import { isJsonObject, type JsonObject, memberOf, parseJson } from '../../core/json.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { reservedTopic } from '../../core/wire/topics.js';
import type { Transport, TransportMessage } from '../transport/transport.js';

export type StatusDetails = Readonly<Record<string, string>>;

export interface RunningJob {
  readonly id: string;
  readonly document: JsonObject;
  /** Tells the cloud how far it is; lost when there is no connection. */
  progress(details: StatusDetails): Promise<void>;
  /** The document as the cloud hands it out now, with fresh presigned URLs. @throws when it does not. */
  documentNow(): Promise<JsonObject>;
}

export interface JobOutcome {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'REJECTED';
  readonly details: StatusDetails;
}

export interface JobHandler {
  /** May be called again for a job that it has begun. @throws when it is to be called again later. */
  run(job: RunningJob, signal: AbortSignal): Promise<JobOutcome>;
  /** The cloud has taken the outcome. */
  reported?(job: RunningJob): Promise<void>;
}

export interface JobClientOptions {
  /** By the document's `operation`. */
  readonly handlers: ReadonlyMap<string, JobHandler>;
  readonly clock: Clock;
  readonly log: Logger;
}

const answerLimitMs = 20_000;
/** A notice may be lost with its connection; a job is found then. */
const pollMs = 600_000;
const retryMs = 15_000;
/** AWS IoT Core's limit for one detail. */
const maxDetailLength = 1_024;

export class JobClient implements Closeable {
  readonly #options: JobClientOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<string, (body: JsonObject | undefined, accepted: boolean) => void>();
  #link: { transport: Transport; thing: string } | undefined;
  #undo: (() => void)[] = [];
  #timer: Timer | undefined;
  #working: Promise<void> | undefined;
  #again = false;

  constructor(options: JobClientOptions) {
    this.#options = options;
  }

  /** From now on it asks over `transport`. Call it once, before the transport connects. */
  attach(transport: Transport, thing: string): void {
    this.#link = { transport, thing };
    const on = (rest: string, handler: (message: TransportMessage) => void) => {
      // The transport has logged a refusal; closing ends the wait.
      transport.subscribe(reservedTopic(thing, `jobs/${rest}`), handler).catch(() => {});
    };
    on('notify-next', () => this.#poke());
    for (const operation of ['start-next', '+/get', '+/update']) {
      on(`${operation}/accepted`, (message) => this.#settle(message, true));
      on(`${operation}/rejected`, (message) => this.#settle(message, false));
    }
    this.#undo = [transport.onConnect(() => this.#poke()), transport.onDisconnect(() => this.#giveUp())];
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const undo of this.#undo) undo();
    this.#timer?.cancel();
    this.#giveUp();
    await this.#working;
  }

  #poke(): void {
    if (this.#stop.signal.aborted) return;
    this.#again = true;
    this.#timer?.cancel();
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  #later(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(delayMs, () => this.#poke(), { background: true });
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      try {
        while (await this.#next());
        this.#later(pollMs);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#options.log.debug('jobs cannot go on now', { error });
        this.#later(retryMs);
      }
    }
  }

  /** False when nothing is pending. @throws when it is to be tried again. */
  async #next(): Promise<boolean> {
    const { log } = this.#options;
    const execution = memberOf(await this.#request('start-next', {}), 'execution');
    if (!isJsonObject(execution) || this.#stop.signal.aborted) return false;
    const id = String(memberOf(execution, 'jobId'));
    const document = memberOf(execution, 'jobDocument');
    const job: RunningJob = {
      id,
      document: isJsonObject(document) ? document : {},
      progress: async (details) => {
        await this.#update(id, { status: 'IN_PROGRESS', statusDetails: cut(details) }).catch(() => {});
      },
      documentNow: () => this.#documentOf(id),
    };
    const operation = String(memberOf(job.document, 'operation'));
    const handler = this.#options.handlers.get(operation);
    log.info('job begins', { job: id, operation });
    const outcome = await (handler?.run(job, this.#stop.signal) ?? unknownOperation(operation));
    if (this.#stop.signal.aborted) return false;
    log[outcome.status === 'SUCCEEDED' ? 'info' : 'warn']('job ends', {
      job: id,
      status: outcome.status,
      ...outcome.details,
    });
    await this.#update(id, { status: outcome.status, statusDetails: cut(outcome.details) });
    await handler?.reported?.(job);
    return true;
  }

  async #documentOf(id: string): Promise<JsonObject> {
    const execution = memberOf(await this.#request(`${id}/get`, {}), 'execution');
    const document = isJsonObject(execution) ? memberOf(execution, 'jobDocument') : undefined;
    if (!isJsonObject(document)) throw new Error('the answer has no document');
    return document;
  }

  /** One that has ended meanwhile (cancelled, timed out) needs no report. */
  async #update(id: string, body: JsonObject): Promise<void> {
    try {
      await this.#request(`${id}/update`, body);
    } catch (error) {
      if (!(error instanceof JobRefused) || error.code === 'InternalError') throw error;
      this.#options.log.warn('job report refused', { job: id, code: error.code });
    }
  }

  #request(operation: string, body: JsonObject): Promise<JsonObject> {
    const { transport, thing } = this.#link ?? {};
    if (transport === undefined || thing === undefined) return Promise.reject(new Error('not attached'));
    const clientToken = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.after(answerLimitMs, () => settle(undefined, false));
      const settle = (answer: JsonObject | undefined, accepted: boolean) => {
        timer.cancel();
        this.#waiting.delete(clientToken);
        if (answer === undefined) reject(new Error('no answer'));
        else if (accepted) resolve(answer);
        else reject(new JobRefused(String(memberOf(answer, 'code'))));
      };
      this.#waiting.set(clientToken, settle);
      transport
        .publish(reservedTopic(thing, `jobs/${operation}`), JSON.stringify({ ...body, clientToken }))
        .catch(() => settle(undefined, false));
    });
  }

  #settle({ payload }: TransportMessage, accepted: boolean): void {
    const body = parseJson(payload);
    if (isJsonObject(body)) this.#waiting.get(String(memberOf(body, 'clientToken')))?.(body, accepted);
  }

  #giveUp(): void {
    for (const settle of [...this.#waiting.values()]) settle(undefined, false);
  }
}

class JobRefused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`refused: ${code}`);
    this.code = code;
  }
}

async function unknownOperation(operation: string): Promise<JobOutcome> {
  return { status: 'REJECTED', details: { reason: `This agent has no operation "${operation}".` } };
}

/** Empty values are refused by the cloud, longer ones too. */
function cut(details: StatusDetails): StatusDetails {
  const entries = Object.entries(details).filter(([, value]) => value !== '');
  return Object.fromEntries(entries.map(([key, value]) => [key, value.slice(0, maxDetailLength)]));
}
