/**
 * Sends objects to an S3 server, whole or in parts. Each request carries the MD5 of its bytes, so
 * that the server refuses what was damaged on the way. An upload in parts that was cut off goes on
 * where it stopped: parts that the server has with the right size and MD5 are not sent again.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { mapBounded } from '../../core/bounded.js';
import { GatehouseError, hasCode } from '../../core/errors.js';
import { pacedStream } from '../throttle/paced-stream.js';
import type { Attempt, PutOptions, PutStreamOptions } from './bucket.js';
import { bucketFailed, tooManyParts } from './errors.js';
import { fileBody, fileMd5 } from './file-body.js';
import { partsOfStream } from './parts-of-stream.js';
import type { S3Connection } from './s3-connection.js';
import { listParts, listUploads } from './s3-list.js';

const mebibyte = 1024 * 1024;
const defaultPartBytes = 16 * mebibyte;
const defaultPartsAboveBytes = 32 * mebibyte;
const mostParts = 10_000;
const partsAtOnce = 4;

/** Bytes to send, which can be had again for another attempt. */
export interface Payload {
  readonly sizeBytes: number;
  /** Base64. */
  readonly md5: string;
  readonly body: () => Uint8Array | Readable;
}

interface StoredPart {
  readonly number: number;
  readonly sizeBytes: number;
  /** Base64. */
  readonly md5: string;
  readonly etag: string;
}

/** One upload in parts at the server. */
interface PartUpload {
  readonly key: string;
  readonly id: string;
  /** By number: what the server has from an earlier attempt. */
  readonly stored: ReadonlyMap<number, StoredPart>;
}

export function payloadOf(content: Uint8Array): Payload {
  return {
    sizeBytes: content.length,
    md5: createHash('md5').update(content).digest('base64'),
    body: () => content,
  };
}

export class S3Uploads {
  readonly #connection: S3Connection;

  constructor(connection: S3Connection) {
    this.#connection = connection;
  }

  /** In one request. */
  async putWhole(key: string, payload: Payload, options: PutOptions): Promise<void> {
    const { sdk, client } = this.#connection;
    await this.#send(payload, options, async (Body, abortSignal) => {
      const command = new sdk.PutObjectCommand({
        ...this.#connection.object(key),
        ...this.#connection.settingsFor(options),
        Body,
        ContentLength: payload.sizeBytes,
        ContentMD5: payload.md5,
      });
      await client.send(command, { abortSignal });
    });
  }

  async putFile(key: string, filePath: string, sizeBytes: number, options: PutOptions): Promise<void> {
    const { partsAboveBytes = defaultPartsAboveBytes } = this.#connection.options;
    const range = { filePath, sizeBytes, fromByte: 0, length: sizeBytes };
    if (sizeBytes <= partsAboveBytes)
      return await this.putWhole(key, await this.#filePayload(range, options), options);
    const partBytes = partBytesFor(sizeBytes, this.#connection.options.partBytes ?? defaultPartBytes);
    const upload = await this.#resume(key, options);
    const count = Math.ceil(sizeBytes / partBytes);
    const numbers = Array.from({ length: count }, (_, at) => at + 1);
    const sent = mapBounded(numbers, partsAtOnce, async (number) => {
      const fromByte = (number - 1) * partBytes;
      const length = Math.min(partBytes, sizeBytes - fromByte);
      const payload = await this.#filePayload({ ...range, fromByte, length }, options);
      return await this.#putPart(upload, number, payload, options);
    });
    const parts: StoredPart[] = [];
    for await (const part of sent) parts.push(part);
    await this.#complete(upload, parts, options);
  }

  /** @returns how many bytes were stored. */
  async putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options: PutStreamOptions,
  ): Promise<number> {
    const partBytes = options.partBytes ?? this.#connection.options.partBytes ?? defaultPartBytes;
    let upload: PartUpload | undefined;
    const parts: StoredPart[] = [];
    try {
      for await (const part of partsOfStream(content, partBytes, options.signal)) {
        const payload = payloadOf(part.bytes);
        if (part.isLast && upload === undefined) {
          await attemptOf(options)('put', () => this.putWhole(key, payload, options));
          return payload.sizeBytes;
        }
        if (parts.length === mostParts) throw tooManyParts(this.#connection.location, key, partBytes);
        upload ??= await this.#begin(key, options);
        parts.push(await this.#putPart(upload, parts.length + 1, payload, options));
      }
      if (upload !== undefined) await this.#complete(upload, parts, options);
      return parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    } catch (error) {
      if (upload !== undefined) await this.#giveUp(upload);
      throw error;
    }
  }

  async #begin(key: string, options: PutOptions): Promise<PartUpload> {
    const { sdk, client } = this.#connection;
    const command = new sdk.CreateMultipartUploadCommand({
      ...this.#connection.object(key),
      ...this.#connection.settingsFor(options),
    });
    const answer = await attemptOf(options)('begin upload', () =>
      this.#connection.call(options, (abortSignal) => client.send(command, { abortSignal })),
    );
    const id = answer.UploadId;
    if (id === undefined) throw bucketFailed({ location: this.#connection.location }, 'an upload without id');
    return { key, id, stored: new Map() };
  }

  /** The latest upload of that key that was cut off, or a new one. */
  async #resume(key: string, options: PutOptions): Promise<PartUpload> {
    try {
      const found = [];
      for await (const upload of listUploads(this.#connection, key, options)) {
        if (upload.key === key) found.push(upload);
      }
      const latest = found.sort((a, b) => b.startedMs - a.startedMs)[0];
      if (latest !== undefined)
        return { key, id: latest.id, stored: await this.#storedParts(key, latest.id, options) };
    } catch (error) {
      // Keys that may only add need not be able to look; a new upload is right then, just slower.
      if (hasCode(error, 'INTERRUPTED') || hasCode(error, 'BUCKET_CLOSED')) throw error;
    }
    return await this.#begin(key, options);
  }

  async #storedParts(key: string, id: string, options: PutOptions): Promise<Map<number, StoredPart>> {
    const stored = new Map<number, StoredPart>();
    for await (const part of listParts(this.#connection, key, id, options)) {
      const { PartNumber: number, Size: sizeBytes, ETag: etag } = part;
      if (number === undefined || sizeBytes === undefined || etag === undefined) continue;
      const md5 = Buffer.from(plainEtag(etag), 'hex').toString('base64');
      stored.set(number, { number, sizeBytes, md5, etag });
    }
    return stored;
  }

  async #putPart(
    upload: PartUpload,
    number: number,
    payload: Payload,
    options: PutOptions,
  ): Promise<StoredPart> {
    const { sizeBytes, md5 } = payload;
    const stored = upload.stored.get(number);
    if (stored?.sizeBytes === sizeBytes && stored.md5 === md5) return stored;
    const { sdk, client, location } = this.#connection;
    const answer = await attemptOf(options)('put part', () =>
      this.#send(payload, options, (Body, abortSignal) => {
        const command = new sdk.UploadPartCommand({
          ...this.#connection.object(upload.key),
          UploadId: upload.id,
          PartNumber: number,
          Body,
          ContentLength: sizeBytes,
          ContentMD5: md5,
        });
        return client.send(command, { abortSignal });
      }),
    );
    if (answer.ETag === undefined) throw bucketFailed({ location }, 'a part without ETag');
    return { number, sizeBytes, md5, etag: answer.ETag };
  }

  /** An answer that was lost is no failure: the object is looked for before the call is believed to have failed. */
  async #complete(upload: PartUpload, parts: readonly StoredPart[], options: PutOptions): Promise<void> {
    const { sdk, client, location } = this.#connection;
    const expected = compositeEtag(parts);
    const command = new sdk.CompleteMultipartUploadCommand({
      ...this.#connection.object(upload.key),
      UploadId: upload.id,
      MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
    });
    const etag = await attemptOf(options)('complete upload', () =>
      this.#connection.call(options, async (abortSignal) => {
        try {
          return (await client.send(command, { abortSignal })).ETag;
        } catch (error) {
          if (!(error instanceof Error) || error.name !== 'NoSuchUpload') throw error;
          const head = new sdk.HeadObjectCommand(this.#connection.object(upload.key));
          const found = (await client.send(head, { abortSignal }).catch(() => undefined))?.ETag;
          if (found === undefined || plainEtag(found) !== expected) throw error;
          return found;
        }
      }),
    );
    const isComposite = etag !== undefined && /^[0-9a-f]{32}-\d+$/.test(plainEtag(etag));
    if (isComposite && plainEtag(etag) !== expected)
      throw bucketFailed({ location }, `the server put ${upload.key} together wrongly`, { retryable: true });
  }

  /** Best effort: what stays is dropped later as an orphan. */
  async #giveUp(upload: PartUpload): Promise<void> {
    const { sdk, client } = this.#connection;
    const input = { ...this.#connection.object(upload.key), UploadId: upload.id };
    await this.#connection
      .call({}, (abortSignal) => client.send(new sdk.AbortMultipartUploadCommand(input), { abortSignal }))
      .catch(() => {});
  }

  async #filePayload(
    range: { filePath: string; sizeBytes: number; fromByte: number; length: number },
    options: PutOptions,
  ): Promise<Payload> {
    const { filePath, sizeBytes, fromByte, length } = range;
    const part = { fromByte, length };
    const md5 = await this.#connection.call(options, (signal) => fileMd5(filePath, sizeBytes, part, signal));
    return { sizeBytes: length, md5, body: () => fileBody(filePath, sizeBytes, part) };
  }

  /** Gives `work` the paced body, and ends it when the body breaks. */
  async #send<T>(
    payload: Payload,
    options: PutOptions,
    work: (body: Uint8Array | Readable, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const limiter = options.pacing?.upload;
    const source = payload.body();
    const body =
      source instanceof Readable || limiter !== undefined ? pacedStream(source, { limiter }) : source;
    const broken = new AbortController();
    // The SDK pipes a body without looking at its errors and would wait for the rest for ever.
    if (body instanceof Readable) body.once('error', (error) => broken.abort(error));
    try {
      return await this.#connection.call(options, (signal) =>
        work(body, AbortSignal.any([signal, broken.signal])),
      );
    } catch (error) {
      if (broken.signal.aborted && broken.signal.reason instanceof GatehouseError) throw broken.signal.reason;
      throw error;
    } finally {
      if (body instanceof Readable) body.destroy();
    }
  }
}

export function attemptOf(options: PutOptions): Attempt {
  return options.attempt ?? ((_request, work) => work());
}

/** At least `smallest`; more for what would have too many parts, in whole MiB. */
function partBytesFor(sizeBytes: number, smallest: number): number {
  if (sizeBytes <= smallest * mostParts) return smallest;
  return Math.ceil(sizeBytes / mostParts / mebibyte) * mebibyte;
}

/** The ETag that S3 gives to an object made of parts: the MD5 of their MD5s, and their count. */
function compositeEtag(parts: readonly { md5: string }[]): string {
  const hash = createHash('md5');
  for (const { md5 } of parts) hash.update(Buffer.from(md5, 'base64'));
  return `${hash.digest('hex')}-${parts.length}`;
}

/** Without its quotation marks. */
export function plainEtag(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
