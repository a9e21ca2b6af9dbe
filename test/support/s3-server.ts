/**
 * The S3 server of this test run. `GATEHOUSE_TEST_S3` names its endpoint, as printed by
 * `scripts/s3-server.sh start DIR`; without it the S3 tests are skipped.
 */
import { randomBytes } from 'node:crypto';

export const s3SkipReason = 'no S3 server: start scripts/s3-server.sh and set GATEHOUSE_TEST_S3';

/** Origin such as `http://127.0.0.1:7480`, or undefined when there is no server. */
export function s3Endpoint(): string | undefined {
  return process.env['GATEHOUSE_TEST_S3'] || undefined;
}

/** For `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
export const s3Keys = { accessKeyId: 'test', secretAccessKey: 'testsecret' };

/** A bucket name that no other test uses. */
export function freshBucketName(): string {
  return `test-${randomBytes(8).toString('hex')}`;
}
