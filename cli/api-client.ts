/** A small client of the HTTP API (`core/wire/api.ts`) for the commands that talk to a running backend. */
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { GatehouseError, messageOf, systemCode } from '../core/errors.js';
import type { StreamEvent } from '../core/wire/api.js';
import { apiRoot } from '../core/wire/api-root.js';
import { dataDirectory } from './context.js';

export interface ApiTarget {
  /** For instance `http://127.0.0.1:8420`. */
  readonly url: string;
  readonly token: string;
}

/** What `gatehouse cloud run` leaves in its data directory while it serves. */
export const runtimeFileName = 'runtime.json';

/**
 * The backend to talk to: `--url` and `--token-file`, else GATEHOUSE_URL and GATEHOUSE_TOKEN, else
 * the one that runs in the data directory.
 * @throws NOT_RUNNING when there is none.
 */
export async function findTarget(command: Command, env: NodeJS.ProcessEnv): Promise<ApiTarget> {
  const options = command.optsWithGlobals<{ url?: string; tokenFile?: string }>();
  const url = options.url ?? env['GATEHOUSE_URL'];
  const cloudDirectory = join(dataDirectory(command, env), 'cloud');
  const token = await readToken(
    options.tokenFile ?? join(cloudDirectory, 'api-token'),
    env['GATEHOUSE_TOKEN'],
  );
  if (url !== undefined && token !== undefined) return { url: url.replace(/\/$/, ''), token };
  const runtime = await readFile(join(cloudDirectory, runtimeFileName), 'utf8').catch(() => undefined);
  if (runtime === undefined || token === undefined) throw notRunning(cloudDirectory);
  return { url: (JSON.parse(runtime) as { httpUrl: string }).httpUrl, token };
}

async function readToken(filePath: string, fromEnvironment: string | undefined): Promise<string | undefined> {
  if (fromEnvironment) return fromEnvironment;
  const text = await readFile(filePath, 'utf8').catch(() => undefined);
  return text?.trim();
}

function notRunning(where: string, cause?: unknown): GatehouseError {
  return new GatehouseError('NOT_RUNNING', `No Gatehouse backend answers (looked in ${where}).`, {
    cause,
    hint: 'Start one with "gatehouse up" (or npm start), or name another with --url and --token-file.',
  });
}

export class ApiClient {
  readonly #target: ApiTarget;

  constructor(target: ApiTarget) {
    this.#target = target;
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }

  post<T>(path: string, body: unknown = {}, limitMs?: number): Promise<T> {
    return this.#call<T>('POST', path, body, {}, limitMs);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>('PUT', path, body);
  }

  /** The body as it comes, for what is too large for memory. */
  async *download(path: string): AsyncGenerator<Uint8Array> {
    const response = await this.#fetch(path, { method: 'GET' });
    if (!response.ok) await answerOf(response);
    for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
  }

  /** `version` is an ETag, or `*` for whatever it is at. */
  patch<T>(path: string, body: unknown, version: string): Promise<T> {
    return this.#call<T>('PATCH', path, body, { 'if-match': version });
  }

  delete<T>(path: string): Promise<T> {
    return this.#call<T>('DELETE', path, {});
  }

  /** Sends a file as it is; takes as long as it takes. */
  async upload(path: string, filePath: string): Promise<void> {
    await answerOf(await this.#fetch(path, { method: 'PUT', body: await openAsBlob(filePath) }));
  }

  /** Server-sent events until `signal` aborts or the backend ends the stream. */
  async *stream(signal: AbortSignal): AsyncGenerator<StreamEvent> {
    const response = await this.#fetch('/stream', { method: 'GET', signal });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const event = parseServerEvent(part);
        if (event) yield event;
      }
    }
  }

  async #call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
    limitMs = 15_000,
  ): Promise<T> {
    const init: RequestInit = { method, headers, signal: AbortSignal.timeout(limitMs) };
    if (body !== undefined) init.body = JSON.stringify(body);
    return answerOf<T>(await this.#fetch(path, init));
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.#target.token}`);
    headers.set('content-type', 'application/json');
    try {
      return await fetch(this.#target.url + apiRoot + path, { ...init, headers });
    } catch (error) {
      const refused = error instanceof Error && systemCode(error.cause) === 'ECONNREFUSED';
      if (refused) throw notRunning(this.#target.url, error);
      if (init.signal?.aborted) throw error;
      throw new GatehouseError('API_UNREACHABLE', `Cannot reach ${this.#target.url}: ${messageOf(error)}.`, {
        cause: error,
        retryable: true,
      });
    }
  }
}

async function answerOf<T>(response: Response): Promise<T> {
  const value: unknown = await response.json();
  if (response.ok) return value as T;
  const { apiError } = await import('../core/wire/api.js');
  const failure = apiError.safeParse(value);
  if (!failure.success) throw new GatehouseError('API_FAILED', `The backend answered ${response.status}.`);
  const { code, message, hint } = failure.data.error;
  throw new GatehouseError(code, message, hint === undefined ? {} : { hint });
}

function parseServerEvent(block: string): StreamEvent | undefined {
  let type = '';
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) type = line.slice(6).trim();
    else if (line.startsWith('data:')) data += line.slice(5);
  }
  if (!type || !data) return undefined;
  return { type, data: JSON.parse(data) } as StreamEvent;
}
