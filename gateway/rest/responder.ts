/**
 * Answers one request of restic's REST protocol. Who may do what is decided here: a user sees the
 * folder of that name only; an append-only user removes nothing but locks.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hasCode, messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { fileKey, parseAddress, type RestAddress, type RestType } from './address.js';
import { parseRange } from './byte-range.js';
import type { Quotas } from './quotas.js';
import type { RestStore, StoreOutcome } from './store.js';
import type { RestUser, RestUsers } from './users.js';

const versionTwo = 'application/vnd.x.restic.rest.v2';
const versionOne = 'application/vnd.x.restic.rest.v1';

/** 413 is what restic's own server answers over quota, 403 what it answers for what must not change. */
const statusOf: Readonly<Record<StoreOutcome, number>> = {
  stored: 200,
  known: 200,
  'wrong hash': 400,
  'over quota': 413,
  exists: 403,
};

export interface ResponderParts {
  readonly store: RestStore;
  readonly users: RestUsers;
  readonly quotas: Quotas;
  readonly log: Logger;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: RestUser;
  readonly address: RestAddress;
}

export class RestResponder {
  readonly #parts: ResponderParts;

  constructor(parts: ResponderParts) {
    this.#parts = parts;
  }

  /** Never throws: a failure is logged and answered with 500. */
  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#respond(request, response);
    } catch (error) {
      // A client that went away in mid-request is no fault of ours.
      if (request.destroyed && !request.complete)
        this.#parts.log.debug('request cut off', { url: request.url });
      else this.#parts.log.error('request failed', { method: request.method, url: request.url, error });
      if (response.headersSent) response.destroy();
      else end(response, 500, 'The server failed; its log says why.');
    }
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const user = await this.#userOf(request);
    if (user === undefined) {
      response.setHeader('WWW-Authenticate', 'Basic realm="Gatehouse", charset="UTF-8"');
      return end(response, 401, 'Wrong user name or password.');
    }
    const url = new URL(request.url ?? '/', 'http://server');
    let address: RestAddress;
    try {
      address = parseAddress(url.pathname);
    } catch (error) {
      if (!hasCode(error, 'REST_PATH_UNKNOWN')) throw error;
      return end(response, 404, messageOf(error));
    }
    if (address.repository[0] !== user.name) {
      return end(response, 403, `Your repositories are below /${user.name}/.`);
    }
    const call = { request, response, user, address };
    if (address.target.kind === 'repository') return this.#repository(call, url);
    if (address.target.kind === 'list') return this.#list(call, address.target.type);
    return this.#file(call, address.target);
  }

  async #userOf(request: IncomingMessage): Promise<RestUser | undefined> {
    const [scheme, encoded] = (request.headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'basic' || encoded === undefined) return undefined;
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    return colon < 0 ? undefined : this.#parts.users.verify(text.slice(0, colon), text.slice(colon + 1));
  }

  async #repository({ request, response, address }: Call, url: URL): Promise<void> {
    if (request.method !== 'POST') return end(response, 405, 'A repository is only created, never removed.');
    if (url.searchParams.get('create') !== 'true') return end(response, 400, 'Add ?create=true.');
    await this.#parts.store.makeRepository(address.repository);
    this.#parts.log.info('repository created', { repository: address.repository.join('/') });
    end(response, 200);
  }

  async #list({ request, response, address }: Call, type: RestType): Promise<void> {
    if (request.method !== 'GET') return end(response, 405, 'A folder can only be listed.');
    const files = await this.#parts.store.list(address.repository, type);
    const sized = request.headers.accept?.includes(versionTwo) === true;
    const body = JSON.stringify(sized ? files : files.map(({ name }) => name));
    response.setHeader('Content-Type', sized ? versionTwo : versionOne);
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.writeHead(200).end(body);
  }

  async #file(call: Call, target: { kind: 'config' } | { kind: 'file'; type: RestType; id: string }) {
    const key = target.kind === 'config' ? 'config' : fileKey(target.type, target.id);
    const { method } = call.request;
    if (method === 'GET' || method === 'HEAD') return this.#send(call, key);
    if (method === 'POST') return this.#store(call, target);
    if (method === 'DELETE') return this.#remove(call, key, target);
    return end(call.response, 405, 'Files are read, stored and removed.');
  }

  async #send({ request, response, address }: Call, key: string): Promise<void> {
    const sizeBytes = await this.#parts.store.sizeOf(address.repository, key);
    if (sizeBytes === undefined) return end(response, 404, 'There is no such file.');
    response.setHeader('Accept-Ranges', 'bytes');
    response.setHeader('Content-Type', 'application/octet-stream');
    const range = parseRange(request.headers.range, sizeBytes);
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${sizeBytes}`);
      return end(response, 416, 'The file is shorter.');
    }
    const { start, end: last } = range ?? { start: 0, end: sizeBytes - 1 };
    if (range !== undefined) response.setHeader('Content-Range', `bytes ${start}-${last}/${sizeBytes}`);
    response.setHeader('Content-Length', last - start + 1);
    response.writeHead(range === undefined ? 200 : 206);
    if (request.method === 'HEAD' || last < start) {
      response.end();
      return;
    }
    await pipeline(this.#parts.store.read(address.repository, key, { start, end: last }), response);
  }

  async #store(
    { request, response, user, address }: Call,
    target: { kind: 'config' } | { kind: 'file'; type: RestType; id: string },
  ): Promise<void> {
    const { store, quotas, log } = this.#parts;
    const announced = Number(request.headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(announced)) return end(response, 411, 'Say the length of the file.');
    const room = await quotas.roomFor(user);
    if (announced > room) {
      log.warn('upload refused: over quota', { user: user.name, roomBytes: room, sizeBytes: announced });
      return end(response, 413, 'The quota is used up.');
    }
    await quotas.take(user, announced);
    let outcome: StoreOutcome = 'wrong hash';
    try {
      const content: Readable = request;
      const upload = { repository: address.repository, content, roomBytes: announced };
      outcome =
        target.kind === 'config'
          ? await store.storeConfig(upload)
          : await store.store(upload, target.type, target.id);
    } finally {
      if (outcome !== 'stored') await quotas.take(user, -announced);
    }
    if (outcome !== 'stored' && outcome !== 'known') {
      log.warn('upload refused', { user: user.name, url: request.url, reason: outcome });
    }
    end(
      response,
      statusOf[outcome],
      outcome === 'stored' || outcome === 'known' ? '' : `Refused: ${outcome}.`,
    );
  }

  async #remove(
    { response, user, address, request }: Call,
    key: string,
    target: { kind: 'config' } | { kind: 'file'; type: RestType },
  ): Promise<void> {
    const isLock = target.kind === 'file' && target.type === 'locks';
    if (user.appendOnly && !isLock) {
      this.#parts.log.warn('removal refused: append-only', { user: user.name, url: request.url });
      return end(response, 403, 'This user may only add.');
    }
    const freed = await this.#parts.store.remove(address.repository, key);
    if (freed === undefined) return end(response, 404, 'There is no such file.');
    await this.#parts.quotas.take(user, -freed);
    if (!isLock) this.#parts.log.info('file removed', { user: user.name, url: request.url });
    end(response, 200);
  }
}

function end(response: ServerResponse, status: number, text = ''): void {
  // What was not read of a refused upload would be taken for the next request.
  if (status >= 400) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(text === '' ? '' : `${text}\n`);
}
