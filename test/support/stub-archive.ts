/**
 * A stub of S3's archive as AWS documents it, in memory: objects in GLACIER and DEEP_ARCHIVE answer
 * 403 InvalidObjectState until RestoreObject was asked for and `thaw()` has let the time pass. Ceph
 * has no such thing, so what follows from this stub was not tried on a real archive.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { stubS3 } from './stub-s3.js';

interface Archived {
  readonly body: Buffer;
  readonly storageClass: string;
  state: 'frozen' | 'thawing' | 'thawed';
}

export async function stubArchive() {
  const objects = new Map<string, Archived>();
  const restores: string[] = [];
  const listings: string[] = [];
  const { endpoint } = await stubS3((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => answer(request, response, Buffer.concat(chunks)));
  });

  function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const url = new URL(request.url ?? '/', endpoint);
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    if (key === '') {
      if (url.searchParams.has('uploads')) sendXml(response, '<ListMultipartUploadsResult/>');
      else list(response, url.searchParams.get('prefix') ?? '');
      return;
    }
    if (request.method === 'PUT') {
      const storageClass = String(request.headers['x-amz-storage-class'] ?? 'STANDARD');
      objects.set(key, { body, storageClass, state: 'frozen' });
      response.end();
      return;
    }
    const found = objects.get(key);
    if (request.method === 'DELETE') {
      objects.delete(key);
      response.writeHead(204).end();
    } else if (found === undefined) fail(response, 404, 'NoSuchKey');
    else if (request.method === 'POST') restore(response, key, found, body.toString());
    else read(request, response, found);
  }

  function read({ method, headers }: IncomingMessage, response: ServerResponse, found: Archived): void {
    const isArchived = ['GLACIER', 'DEEP_ARCHIVE'].includes(found.storageClass);
    if (isArchived && method !== 'HEAD' && found.state !== 'thawed') {
      fail(response, 403, 'InvalidObjectState');
      return;
    }
    const body = rangeOf(found.body, headers.range);
    if (headers.range !== undefined) response.statusCode = 206;
    response.setHeader('content-length', body.length);
    if (found.storageClass !== 'STANDARD') response.setHeader('x-amz-storage-class', found.storageClass);
    if (isArchived && found.state !== 'frozen') {
      const expiry = 'expiry-date="Fri, 21 Dec 2029 00:00:00 GMT"';
      const isOngoing = found.state === 'thawing';
      const restored = isOngoing ? 'ongoing-request="true"' : `ongoing-request="false", ${expiry}`;
      response.setHeader('x-amz-restore', restored);
    }
    response.end(method === 'HEAD' ? undefined : body);
  }

  function restore(response: ServerResponse, key: string, found: Archived, body: string): void {
    if (found.state === 'thawing') {
      fail(response, 409, 'RestoreAlreadyInProgress');
      return;
    }
    restores.push(`${key} ${/<Tier>(\w+)</.exec(body)?.[1]} ${/<Days>(\d+)</.exec(body)?.[1]}`);
    response.statusCode = found.state === 'thawed' ? 200 : 202;
    if (found.state === 'frozen') found.state = 'thawing';
    response.end();
  }

  function list(response: ServerResponse, prefix: string): void {
    listings.push(prefix);
    const entries = [...objects]
      .filter(([key]) => key.startsWith(prefix))
      .map(
        ([key, { body, storageClass }]) =>
          `<Contents><Key>${key}</Key><Size>${body.length}</Size><StorageClass>${storageClass}</StorageClass></Contents>`,
      );
    sendXml(response, `<ListBucketResult>${entries.join('')}</ListBucketResult>`);
  }

  return {
    endpoint,
    /** `key tier days`, in the order in which they were asked for. */
    restores,
    /** Prefixes of objects that were listed. */
    listings,
    classOf: (key: string) => objects.get(key)?.storageClass,
    /** The hours have passed. */
    thaw() {
      for (const object of objects.values()) if (object.state === 'thawing') object.state = 'thawed';
    },
  };
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.statusCode = status;
  sendXml(response, `<Error><Code>${code}</Code><Message>made up</Message></Error>`);
}

function sendXml(response: ServerResponse, element: string): void {
  response.setHeader('content-type', 'application/xml');
  response.end(`<?xml version="1.0"?>${element}`);
}

function rangeOf(body: Buffer, range: string | undefined): Buffer {
  const [, from = 0, last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  return body.subarray(Number(from), last === '' ? undefined : Number(last) + 1);
}
