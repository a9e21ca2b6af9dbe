/** Answers in JSON. Errors in the API's form; what is not ours to tell leaves as INTERNAL. */
import type { ServerResponse } from 'node:http';
import { GatehouseError } from '../../core/errors.js';

const statusOf: Readonly<Record<string, number>> = {
  BODY_INVALID: 400,
  CSR_INVALID: 400,
  CLAIM_INVALID: 403,
  CLAIM_EXPIRED: 403,
  CLAIM_USED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  TOO_MANY_REQUESTS: 429,
  CA_EXPIRED: 503,
  DATABASE_FULL: 503,
};

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

/** True when the error is of the caller's making and was told; false when the log should have it. */
export function sendError(response: ServerResponse, error: unknown): boolean {
  const status = error instanceof GatehouseError ? statusOf[error.code] : undefined;
  if (!(error instanceof GatehouseError) || status === undefined) {
    const message = 'Something failed on the server; its log says what.';
    sendJson(response, 500, { error: { code: 'INTERNAL', message } });
    return false;
  }
  if (status === 405) response.setHeader('allow', 'POST');
  const waitMs = error.context['waitMs'];
  if (typeof waitMs === 'number') response.setHeader('retry-after', Math.ceil(waitMs / 1_000));
  // The rest of a body that is too long is not read; the connection cannot be used again.
  if (status === 413) response.setHeader('connection', 'close');
  const { code, message, hint } = error;
  sendJson(response, status, { error: { code, message, ...(hint === undefined ? {} : { hint }) } });
  return status < 500;
}
