/** One request to the backend and its answer: paths, JSON, versions, time limit, errors. */
import { GatehouseError } from '../../../../core/errors.js';
import type { apiRoot } from '../../../../core/wire/api-root.js';
import { signedOut, unexpectedAnswer, unreachable } from '../errors.js';

export const root: typeof apiRoot = '/api/v1';
export const segment = encodeURIComponent;
const usualLimitMs = 15_000;

/** Below the root of the API. @throws SIGNED_OUT, UNREACHABLE, UNEXPECTED_ANSWER or what the backend answers. */
export interface Transport {
  get<T>(path: string): Promise<T>;
  send<T>(method: string, path: string, body?: object, options?: SendOptions): Promise<T>;
}

export interface SendOptions {
  /** At which what is changed must still be. */
  readonly version?: number;
  /** For what takes longer than usual. */
  readonly limitMs?: number;
}

export function transportOf(fetcher: typeof fetch): Transport {
  return {
    get: (path) => call(fetcher, path),
    send: (method, path, body = {}, { version, limitMs } = {}) =>
      call(fetcher, path, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(version !== undefined && { 'if-match': `"${version}"` }),
        },
        body: JSON.stringify(body),
        ...(limitMs !== undefined && { signal: AbortSignal.timeout(limitMs) }),
      }),
  };
}

async function call<T>(fetcher: typeof fetch, path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetched(fetcher, root + path, init);
  if (response.status === 401) throw signedOut();
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body as T;
  throw asError(body) ?? unexpectedAnswer(response.status);
}

/** @throws UNREACHABLE */
export async function fetched(fetcher: typeof fetch, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetcher(path, {
      credentials: 'same-origin',
      signal: AbortSignal.timeout(usualLimitMs),
      ...init,
    });
  } catch (error) {
    throw unreachable(error);
  }
}

function asError(body: unknown): GatehouseError | undefined {
  const error = (body as { error?: { code?: unknown; message?: unknown; hint?: unknown } } | undefined)
    ?.error;
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') return undefined;
  return new GatehouseError(
    error.code,
    error.message,
    typeof error.hint === 'string' ? { hint: error.hint } : {},
  );
}
