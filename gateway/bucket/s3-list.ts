/** Listings of an S3 bucket, page by page: objects, and uploads that were begun and not ended. */
import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListPartsCommandOutput,
  Part,
  _Object as S3Object,
} from '@aws-sdk/client-s3';
import { GatehouseError } from '../../core/errors.js';
import type { BucketEntry, CallOptions, UnfinishedUpload } from './bucket.js';
import type { S3Connection } from './s3-connection.js';

interface Page {
  readonly objects: readonly S3Object[];
  /** Where the next page begins; undefined for the last one. */
  readonly next: string | undefined;
}

export async function* listObjects(
  connection: S3Connection,
  prefix: string,
  options: CallOptions,
): AsyncGenerator<BucketEntry> {
  const { top } = connection;
  let token: string | undefined;
  do {
    const page = await connection.call(options, (signal) =>
      connection.provider.listVersion === 1
        ? pageV1(connection, top + prefix, token, signal)
        : pageV2(connection, top + prefix, token, signal),
    );
    connection.markSeen();
    for (const object of page.objects) {
      const entry = entryOf(object, top);
      if (entry !== undefined) yield entry;
    }
    token = page.next;
  } while (token !== undefined);
}

function entryOf(object: S3Object, top: string): BucketEntry | undefined {
  const { Key: key, Size: sizeBytes, LastModified: modified, StorageClass: storageClass } = object;
  if (key === undefined || sizeBytes === undefined) return undefined;
  return {
    key: key.slice(top.length),
    sizeBytes,
    ...(modified === undefined ? {} : { modifiedMs: modified.getTime() }),
    ...(storageClass === undefined ? {} : { storageClass }),
  };
}

async function pageV2(
  { sdk, client, place }: S3Connection,
  Prefix: string,
  token: string | undefined,
  abortSignal: AbortSignal,
): Promise<Page> {
  const more = token === undefined ? {} : { ContinuationToken: token };
  const command = new sdk.ListObjectsV2Command({ Bucket: place.bucket, Prefix, ...more });
  const page = await client.send(command, { abortSignal });
  return {
    objects: page.Contents ?? [],
    next: page.IsTruncated === true ? page.NextContinuationToken : undefined,
  };
}

async function pageV1(
  { sdk, client, place }: S3Connection,
  Prefix: string,
  token: string | undefined,
  abortSignal: AbortSignal,
): Promise<Page> {
  const more = token === undefined ? {} : { Marker: token };
  const command = new sdk.ListObjectsCommand({ Bucket: place.bucket, Prefix, ...more });
  const page = await client.send(command, { abortSignal });
  const objects = page.Contents ?? [];
  // Without a delimiter the server names no next marker: it is the last key.
  return { objects, next: page.IsTruncated === true ? objects.at(-1)?.Key : undefined };
}

export async function* listUploads(
  connection: S3Connection,
  prefix: string,
  options: CallOptions,
): AsyncGenerator<UnfinishedUpload> {
  const { sdk, client, place, top } = connection;
  let more: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
  while (more !== undefined) {
    const input: ListMultipartUploadsCommandInput = { Bucket: place.bucket, Prefix: top + prefix, ...more };
    const page: ListMultipartUploadsCommandOutput = await connection.call(options, (abortSignal) =>
      client.send(new sdk.ListMultipartUploadsCommand(input), { abortSignal }),
    );
    for (const { Key: key, UploadId: id, Initiated: begun } of page.Uploads ?? []) {
      if (key === undefined || id === undefined) continue;
      const startedMs = begun?.getTime() ?? 0;
      yield { key: key.slice(top.length), id, startedMs, activeMs: startedMs };
    }
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    more =
      page.IsTruncated === true && KeyMarker !== undefined
        ? { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) }
        : undefined;
  }
}

/** Parts that an upload has stored, in the order of their numbers. */
export async function* listParts(
  connection: S3Connection,
  key: string,
  id: string,
  options: CallOptions,
): AsyncGenerator<Part> {
  const { sdk, client } = connection;
  let marker: string | undefined;
  do {
    const more = marker === undefined ? {} : { PartNumberMarker: marker };
    const command = new sdk.ListPartsCommand({ ...connection.object(key), UploadId: id, ...more });
    const page: ListPartsCommandOutput = await connection.call(options, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    yield* page.Parts ?? [];
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
}

/** As `listUploads`, with the time of the latest part, where these keys may look at parts. */
export async function* listUploadsWithActivity(
  connection: S3Connection,
  prefix: string,
  options: CallOptions,
): AsyncGenerator<UnfinishedUpload> {
  for await (const upload of listUploads(connection, prefix, options)) {
    let { activeMs } = upload;
    try {
      for await (const { LastModified } of listParts(connection, upload.key, upload.id, options)) {
        activeMs = Math.max(activeMs, LastModified?.getTime() ?? 0);
      }
    } catch (error) {
      if (!(error instanceof GatehouseError) || error.code !== 'BUCKET_DENIED') throw error;
    }
    yield { ...upload, activeMs };
  }
}
