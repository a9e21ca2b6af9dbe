/** The SDK's own client at the S3 server of this test run, for what stands beside the code under test. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { freshBucketName, s3Endpoint, s3Keys } from './s3-server.js';

/** The caller destroys it. */
export function s3Client(credentials = s3Keys): S3Client {
  return new S3Client({
    endpoint: s3Endpoint() ?? '',
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
  });
}

/** Gives the name of a bucket that is there and empty. */
export async function makeBucket(): Promise<string> {
  const Bucket = freshBucketName();
  const client = s3Client();
  await client.send(new CreateBucketCommand({ Bucket }));
  client.destroy();
  return Bucket;
}
