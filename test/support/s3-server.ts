/**
 * The S3 server of this test run. `GATEHOUSE_TEST_S3` names its endpoint, as printed by
 * `scripts/s3-server.sh start DIR`; without it the S3 tests are skipped.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, vi } from 'vitest';

export const s3SkipReason = 'no S3 server: start scripts/s3-server.sh and set GATEHOUSE_TEST_S3';

/** Origin such as `http://127.0.0.1:7480`, or undefined when there is no server. */
export function s3Endpoint(): string | undefined {
  return process.env['GATEHOUSE_TEST_S3'] || undefined;
}

export const s3Keys = { accessKeyId: 'test', secretAccessKey: 'testsecret' };

/** The same as a program's environment. */
export const s3Environment = {
  AWS_ACCESS_KEY_ID: s3Keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Gives the tests around the call that environment. */
export function useS3Environment(): void {
  beforeAll(() => {
    for (const [name, value] of Object.entries(s3Environment)) vi.stubEnv(name, value);
  });
  afterAll(() => vi.unstubAllEnvs());
}

/** A bucket name that no other test uses. */
export function freshBucketName(): string {
  return `test-${randomBytes(8).toString('hex')}`;
}
