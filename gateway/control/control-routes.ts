/**
 * The requests that the control server knows:
 *
 *   GET  /jobs                    JobStatus[]
 *   GET  /jobs/NAME               JobStatus
 *   POST /jobs/NAME/start         { kind } -> { runId }
 *   POST /jobs/NAME/pause         { untilMs? } -> JobStatus
 *   POST /jobs/NAME/resume        -> JobStatus
 *   GET  /runs/ID                 JobRunView, or null while it waits
 *   GET  /history?job=&limit=     JobRunView[], newest first
 */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { GatehouseError } from '../../core/errors.js';
import { type JobControl, runKind } from './control.js';

const startBody = z.strictObject({ kind: runKind.default('backup') });
const pauseBody = z.strictObject({ untilMs: z.number().optional() });
const limit = z.coerce.number().int().min(1).max(10_000).default(20);
const longestBody = 10_000;

/** @throws ROUTE_UNKNOWN, REQUEST_INVALID, and the control's errors. */
export async function answer(control: JobControl, request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const [, place, name = '', order] = pathname.split('/').map(decodeURIComponent);
  const route = `${request.method ?? ''} ${place ?? ''}${name === '' ? '' : '/x'}${order === undefined ? '' : `/${order}`}`;
  switch (route) {
    case 'GET jobs':
      return await control.list();
    case 'GET jobs/x':
      return await control.status(name);
    case 'POST jobs/x/start':
      return await control.start(name, (await readBody(request, startBody)).kind);
    case 'POST jobs/x/pause':
      return await control.pause(name, (await readBody(request, pauseBody)).untilMs);
    case 'POST jobs/x/resume':
      return await control.resume(name);
    case 'GET runs/x':
      return (await control.run(name)) ?? null;
    case 'GET history': {
      const job = searchParams.get('job');
      const most = valid(limit, searchParams.get('limit') ?? undefined);
      return await control.history({ ...(job === null ? {} : { job }), limit: most });
    }
    default:
      throw new GatehouseError('ROUTE_UNKNOWN', `There is no ${request.method} ${pathname}.`);
  }
}

async function readBody<T extends z.ZodType>(request: IncomingMessage, schema: T): Promise<z.output<T>> {
  let text = '';
  for await (const piece of request) {
    text += String(piece);
    if (text.length > longestBody) throw invalid('the body is too long');
  }
  try {
    return valid(schema, text === '' ? {} : JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid('the body is not JSON');
    throw error;
  }
}

function valid<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.map(({ message }) => message).join('; '));
}

function invalid(why: string): GatehouseError {
  return new GatehouseError('REQUEST_INVALID', `The request is not understood: ${why}.`);
}
