/** `GET /install/SHA256`: the program for a device that is being set up, for whoever holds a claim token. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ProgramArchive } from '../cards/program-archive.js';
import { claimInvalid } from '../registry/errors.js';
import type { Registry } from '../registry/registry.js';
import { notFound } from './errors.js';

export interface InstallParts {
  readonly registry: Pick<Registry, 'checkClaim'>;
  readonly archive: Pick<ProgramArchive, 'open'>;
}

/**
 * The token is looked at, not used up: the device claims with it afterwards.
 * @throws CLAIM_INVALID, CLAIM_EXPIRED, CLAIM_USED, NOT_FOUND
 */
export async function sendProgram(
  { registry, archive }: InstallParts,
  sha256: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET') throw notFound();
  const [, secret] = /^Bearer +(\S{1,256})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (secret === undefined) throw claimInvalid();
  await registry.checkClaim(secret);
  const opened = await archive.open(sha256);
  if (opened === undefined) throw notFound();
  response.writeHead(200, {
    'content-type': 'application/gzip',
    'content-length': opened.sizeBytes,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  await pipeline(opened.content, response);
}
