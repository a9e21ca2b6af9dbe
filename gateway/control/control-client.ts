/** Talks to the gateway that runs in another process; see `control-server.ts`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';
import { apiError } from '../../core/wire/api.js';
import { type HistoryFilter, type JobControl, jobStatus, type RunKind, runView } from './control.js';
import { controlFileName } from './control-server.js';

const target = z.object({ url: z.string(), token: z.string() });
type Target = z.output<typeof target>;

export class ControlClient implements JobControl {
  readonly #target: Target;

  private constructor(found: Target) {
    this.#target = found;
  }

  /** Undefined when no gateway answers there: none runs, or one was killed and left its file. */
  static async find(dataDir: string): Promise<ControlClient | undefined> {
    const text = await readFile(join(dataDir, controlFileName), 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw unreadable(dataDir, error);
    });
    if (text === undefined) return undefined;
    const client = new ControlClient(target.parse(JSON.parse(text)));
    try {
      await client.list();
      return client;
    } catch (error) {
      if (error instanceof GatehouseError && ['NOT_RUNNING', 'UNAUTHORISED'].includes(error.code)) {
        return undefined;
      }
      throw error;
    }
  }

  list() {
    return this.#call('GET', '/jobs', z.array(jobStatus));
  }

  status(job: string) {
    return this.#call('GET', `/jobs/${encodeURIComponent(job)}`, jobStatus);
  }

  start(job: string, kind: RunKind) {
    const started = z.object({ runId: z.string() });
    return this.#call('POST', `/jobs/${encodeURIComponent(job)}/start`, started, { kind });
  }

  async run(runId: string) {
    const found = await this.#call('GET', `/runs/${encodeURIComponent(runId)}`, runView.nullable());
    return found ?? undefined;
  }

  pause(job: string, untilMs: number | undefined) {
    return this.#call('POST', `/jobs/${encodeURIComponent(job)}/pause`, jobStatus, { untilMs });
  }

  resume(job: string) {
    return this.#call('POST', `/jobs/${encodeURIComponent(job)}/resume`, jobStatus, {});
  }

  history({ job, limit }: HistoryFilter) {
    const query = new URLSearchParams({ limit: String(limit), ...(job === undefined ? {} : { job }) });
    return this.#call('GET', `/history?${query}`, z.array(runView));
  }

  async #call<T extends z.ZodType>(
    method: string,
    path: string,
    schema: T,
    body?: unknown,
  ): Promise<z.output<T>> {
    const response = await fetch(this.#target.url + path, {
      method,
      headers: { authorization: `Bearer ${this.#target.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw notRunning(error);
    });
    // Another program may listen where a gateway that was killed did.
    const value: unknown = await response.json().catch((error: unknown) => {
      throw notRunning(error);
    });
    if (response.ok) return schema.parse(value);
    const failure = apiError.safeParse(value);
    if (!failure.success) throw new GatehouseError('API_FAILED', `The gateway answered ${response.status}.`);
    const { code, message, hint } = failure.data.error;
    throw new GatehouseError(code, message, hint === undefined ? {} : { hint });
  }
}

function notRunning(cause: unknown): GatehouseError {
  return new GatehouseError('NOT_RUNNING', 'The gateway does not answer.', {
    cause,
    hint: 'It may just have stopped. Start it with "gatehouse gateway run --config FILE".',
  });
}

/** The file is there but not for us. The user becomes the one who runs the gateway. */
function unreadable(dataDir: string, cause: unknown): GatehouseError {
  return new GatehouseError(
    'CONTROL_UNREADABLE',
    `Cannot read ${join(dataDir, controlFileName)}: ${messageOf(cause)}.`,
    { cause, hint: 'Run this as the user that runs the gateway, for instance with sudo -u.' },
  );
}
