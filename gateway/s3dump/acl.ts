/** An object's access control list as the server's own XML, both ways. */
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { GatehouseError } from '../../core/errors.js';
import { collect } from '../bucket/file-body.js';
import type { S3Location } from '../bucket/location.js';
import { createS3Client, loadS3, type S3ClientOptions } from '../bucket/s3-client.js';
import { s3Fault } from '../bucket/s3-errors.js';

interface HttpMessage {
  body?: unknown;
  headers: Record<string, string>;
}

/** @throws DUMP_UNKNOWN and the bucket's errors. */
export function getAcl(place: S3Location, options: S3ClientOptions, key: string): Promise<string> {
  return withClient(place, options, async (client, sdk) => {
    const command = new sdk.GetObjectAclCommand({ Bucket: place.bucket, Key: key });
    let xml = '';
    // The SDK takes the document apart and cannot put it together again; it is kept as it came.
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const response = result.response as HttpMessage;
        const bytes = await collect(response.body as Readable);
        xml = Buffer.from(bytes).toString('utf8');
        response.body = bytes;
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'keepAclDocument' },
    );
    await client.send(command);
    return xml;
  });
}

/** @throws DUMP_UNKNOWN and the bucket's errors; the server judges the document. */
export async function putAcl(
  place: S3Location,
  options: S3ClientOptions,
  key: string,
  xml: string,
): Promise<void> {
  await withClient(place, options, async (client, sdk) => {
    const command = new sdk.PutObjectAclCommand({
      Bucket: place.bucket,
      Key: key,
      AccessControlPolicy: { Grants: [] },
    });
    command.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as HttpMessage;
        request.body = xml;
        request.headers['content-length'] = String(Buffer.byteLength(xml));
        return next(args);
      },
      // Before checksums and signature are made.
      { step: 'serialize', priority: 'low', name: 'givenAclDocument' },
    );
    return client.send(command);
  });
}

async function withClient<T>(
  place: S3Location,
  options: S3ClientOptions,
  work: (client: S3Client, sdk: Awaited<ReturnType<typeof loadS3>>) => Promise<T>,
): Promise<T> {
  const sdk = await loadS3();
  const client = await createS3Client(sdk, place, options);
  try {
    return await work(client, sdk);
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    throw s3Fault(error, `s3://${place.bucket}`);
  } finally {
    client.destroy();
  }
}
