/**
 * The Jobs topics of AWS IoT Core: `$aws/things/T/jobs/...`. Answers go to the requesting connection,
 * subscribed or not, after the change is durable. What cannot be done is answered on `rejected`.
 */
import type { Clock } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { Logger } from '../../core/log.js';
import { reservedTopic } from '../../core/wire/topics.js';
import {
  describeRequest,
  getRequest,
  isJobRejection,
  type JobRejection,
  readObject,
  readRequest,
  startNextRequest,
  tokenOf,
  updateRequest,
} from './device-requests.js';
import type { Described, ExecutionStore } from './execution-store.js';
import { seconds, wireExecution, wireState, wireSummary } from './executions.js';
import type { JobDocuments } from './job-documents.js';
import type { JobEngine } from './job-engine.js';

export interface JobTopicsOptions {
  readonly executions: ExecutionStore;
  readonly engine: Pick<JobEngine, 'executionChanged'>;
  readonly documents: Pick<JobDocuments, 'handOut'>;
  readonly clock: Clock;
  readonly log: Logger;
}

type Reply = (topic: string, payload: string) => void;

const pattern = /^jobs\/(?:(get|start-next)|([A-Za-z0-9_-]{1,64}|\$next)\/(get|update))$/;

export class JobTopics {
  readonly #options: JobTopicsOptions;

  constructor(options: JobTopicsOptions) {
    this.#options = options;
  }

  /** `rest` is what follows `$aws/things/T/`. Resolves when the request is done and answered. */
  async handle(thing: string, rest: string, payload: Uint8Array, reply: Reply): Promise<void> {
    const body = readObject(payload);
    const rejected = isJobRejection(body);
    const answer = rejected ? body : await this.#answer(thing, rest, body);
    const token = rejected ? undefined : tokenOf(body);
    const suffix = isJobRejection(answer) ? 'rejected' : 'accepted';
    const timestamp = seconds(this.#options.clock.now());
    const clientToken = token === undefined ? {} : { clientToken: token };
    const text = JSON.stringify({ ...answer, timestamp, ...clientToken });
    reply(reservedTopic(thing, `${rest}/${suffix}`), text);
  }

  async #answer(thing: string, rest: string, body: JsonObject): Promise<JsonObject | JobRejection> {
    const [, whole, job = '', operation] = pattern.exec(rest) ?? [];
    if (whole === 'get') return this.#list(thing, body);
    if (whole === 'start-next') return this.#startNext(thing, body);
    if (operation === 'get') return this.#describe(thing, job, body);
    if (operation === 'update' && job !== '$next') return this.#update(thing, job, body);
    return { code: 'InvalidTopic', message: 'There is no such operation.' };
  }

  async #list(thing: string, body: JsonObject): Promise<JsonObject | JobRejection> {
    const read = readRequest(getRequest, body);
    if (isJobRejection(read)) return read;
    const pending = await this.#options.executions.pending(thing);
    const listed = (status: string) =>
      pending.filter((execution) => execution.status === status).map(wireSummary);
    return { inProgressJobs: listed('IN_PROGRESS'), queuedJobs: listed('QUEUED') };
  }

  async #startNext(thing: string, body: JsonObject): Promise<JsonObject | JobRejection> {
    const read = readRequest(startNextRequest, body);
    if (isJobRejection(read)) return read;
    const started = await this.#options.executions.startNext(thing, read.request);
    if (started !== undefined) this.#options.engine.executionChanged(started.execution.job, thing, false);
    return this.#executionBody(started);
  }

  async #describe(thing: string, job: string, body: JsonObject): Promise<JsonObject | JobRejection> {
    const read = readRequest(describeRequest, body);
    if (isJobRejection(read)) return read;
    const described = await this.#options.executions.describe(thing, job, read.request);
    return described !== undefined && isJobRejection(described) ? described : this.#executionBody(described);
  }

  async #update(thing: string, job: string, body: JsonObject): Promise<JsonObject | JobRejection> {
    const read = readRequest(updateRequest, body);
    if (isJobRejection(read)) return read;
    const updated = await this.#options.executions.update(thing, job, read.request);
    if (isJobRejection(updated)) return updated;
    this.#options.engine.executionChanged(job, thing, updated.ended);
    const document = await this.#documentMember(updated);
    if (isJobRejection(document)) return document;
    return {
      ...(read.request.includeJobExecutionState && { executionState: wireState(updated.execution) }),
      ...document,
    };
  }

  /** Without `execution` when nothing is pending. */
  async #executionBody(described: Described | undefined): Promise<JsonObject | JobRejection> {
    if (described === undefined) return {};
    const document = await this.#documentMember(described);
    if (isJobRejection(document)) return document;
    return { execution: { ...wireExecution(described.execution), ...document } };
  }

  /** Refused when its URLs cannot be made now: with a placeholder in it the device could do nothing. */
  async #documentMember({ execution, document }: Described): Promise<JsonObject | JobRejection> {
    if (document === undefined) return {};
    try {
      return { jobDocument: await this.#options.documents.handOut(document) };
    } catch (error) {
      const { job, thing } = execution;
      this.#options.log.error('document of a job not handed out', { job, thing, error });
      return { code: 'InternalError', message: `The job's document cannot be made: ${messageOf(error)}` };
    }
  }
}
