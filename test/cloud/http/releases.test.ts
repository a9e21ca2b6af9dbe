import { createHash, randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReleaseView } from '../../../core/wire/releases.js';
import { startCloud } from '../../support/cloud-fixture.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { gatehouse } from '../../support/gatehouse-cli.js';
import { makeBucket, s3Client } from '../../support/s3-client.js';
import { s3Endpoint, s3SkipReason, useS3Environment } from '../../support/s3-server.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

it('artifacts go up whole and come down in ranges; a published version never changes', async () => {
  const { cloud, call, get } = await startCloud();
  const artifact = Buffer.from('0123456789');
  const sha256 = createHash('sha256').update(artifact).digest('hex');
  const release = { version: '1.2', sizeBytes: 10, sha256, signature: `${'A'.repeat(86)}==` };
  const code = async (response: Response) =>
    ((await response.json()) as { error: { code: string } }).error.code;
  const upload = (name: string, body: Buffer) =>
    fetch(`${cloud.httpUrl}/api/v1/artifacts/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${cloud.apiToken}` },
      body: new Uint8Array(body),
    });
  expect(await code(await call('POST', '/releases', { release }))).toBe('ARTIFACT_MISSING');
  expect(await code(await upload(sha256, Buffer.from('0123456780')))).toBe('ARTIFACT_DAMAGED');
  expect((await upload('../x', artifact)).status).toBe(404);
  // More than any other request may have.
  const large = Buffer.alloc(1_000_000, 7);
  expect((await upload(createHash('sha256').update(large).digest('hex'), large)).status).toBe(201);
  expect((await upload(sha256, artifact)).status).toBe(201);
  expect((await call('POST', '/releases', { release })).status).toBe(201);
  expect((await call('POST', '/releases', { release })).status).toBe(201);
  const other = {
    ...release,
    sha256: createHash('sha256').update(large).digest('hex'),
    sizeBytes: 1_000_000,
  };
  expect(await code(await call('POST', '/releases', { release: other }))).toBe('RELEASE_EXISTS');
  const url = `${cloud.httpUrl}/artifacts/${sha256}`;
  expect(await get('/releases')).toEqual([
    { release, url, keptBy: 'backend', publishedAt: expect.any(String) },
  ]);

  const fetched = async (range?: string) => {
    const response = await fetch(url, range === undefined ? {} : { headers: { range } });
    return [response.status, response.headers.get('content-range'), await response.text()];
  };
  expect(await fetched()).toEqual([200, null, '0123456789']);
  expect(await fetched('bytes=4-')).toEqual([206, 'bytes 4-9/10', '456789']);
  expect(await fetched('bytes=2-3')).toEqual([206, 'bytes 2-3/10', '23']);
  expect(await fetched('bytes=10-')).toEqual([416, 'bytes */10', '']);
  expect(await fetched('bytes=0-1,4-5')).toEqual([200, null, '0123456789']);
  expect((await fetch(`${cloud.httpUrl}/artifacts/${'0'.repeat(64)}`)).status).toBe(404);
});

const endpoint = s3Endpoint();
const skip = endpoint === undefined ? s3SkipReason : undefined;

describe.skipIf(skip !== undefined)(`releases in a bucket${skip ? ` (${skip})` : ''}`, () => {
  useS3Environment();

  it('one command puts the artifact there and publishes it; the keys of the bucket stay in the backend', async () => {
    const { cli, get, keys, bucket, filePath, sha256, proxy } = await openBucket();
    expect(await cli('release', 'publish', filePath, '--bucket', `s3://${bucket}/agents/`)).toMatchObject({
      code: 0,
      stdout: `Published 1.2 in s3://${bucket}/agents/.\n`,
    });
    const object = `s3://${bucket}/agents/${sha256}.tar.gz`;
    expect(await get<ReleaseView[]>('/releases')).toMatchObject([
      {
        release: { version: '1.2', sha256 },
        url: `\${aws:iot:s3-presigned-url-v2:https://s3.us-east-1.amazonaws.com/${bucket}/agents/${sha256}.tar.gz}`,
        keptBy: 'bucket',
        object,
      },
    ]);
    expect(await keys()).toEqual([`agents/${sha256}.tar.gz`]);
    expect((await cli('release', 'list')).stdout).toContain(object);
    // Again: it is there already, and two questions for it are all that is sent.
    const before = proxy.requests;
    expect((await cli('release', 'publish', filePath, '--bucket', `s3://${bucket}/agents`)).code).toBe(0);
    expect(proxy.requests - before).toBe(2);
  });

  it.each([
    ['damaged on the way', 'flip-request', 'the server answers 400 BadDigest'],
    ['broken off', 'reset-request', 'the artifact did not get into the bucket'],
  ] as const)('an upload that is %s leaves no object and no release', async (_, fault, message) => {
    const { cli, get, keys, bucket, filePath, proxy } = await openBucket();
    proxy.onRequest = (_nth, request) => {
      proxy.kinds = [fault];
      proxy.rate = request.method === 'PUT' ? 1 : 0;
    };
    const args = ['release', 'publish', filePath, '--bucket', `s3://${bucket}/agents`] as const;
    const { code, stderr } = await cli(...args);
    expect([code, stderr.toLowerCase()]).toEqual([1, expect.stringContaining(message.toLowerCase())]);
    expect(await get('/releases')).toEqual([]);
    expect(await keys()).toEqual([]);
    proxy.onRequest = () => {};
    proxy.rate = 0;
    expect((await cli(...args)).code).toBe(0);
  });

  it('nothing is published that is elsewhere, is not there, or is not what was signed', async () => {
    const { cli, call, get, keys, bucket, filePath, release } = await openBucket();
    const publish = (place: string) => cli('release', 'publish', filePath, '--bucket', place);
    expect((await publish('s3://another-bucket/agents')).stderr).toContain('artifacts.buckets');
    expect((await publish(`s3://${bucket}`)).stderr).toContain('is in none of the buckets');
    expect((await publish(`s3://${bucket}/agents/../x`)).stderr).toContain('such as "s3://bucket/prefix"');
    const unsent = await call('POST', '/releases', { release, bucket: `s3://${bucket}/agents` });
    expect([unsent.status, await unsent.json()]).toMatchObject([
      409,
      { error: { code: 'ARTIFACT_MISSING' } },
    ]);
    await appendFile(filePath, 'x');
    expect((await publish(`s3://${bucket}/agents`)).stderr).toContain('is not what was signed');
    expect(await get('/releases')).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  async function openBucket() {
    const proxy = await FaultProxy.open(endpoint ?? '', { seed: 1, rate: 0 });
    onTestFinished(() => proxy.close());
    const bucket = await makeBucket();
    const client = s3Client();
    onTestFinished(() => client.destroy());
    const artifacts = { buckets: [`s3://${bucket}/agents`], endpoint: proxy.endpoint };
    const { cloud, call, get } = await startCloud({ artifacts });
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'token'), cloud.apiToken);
    const filePath = join(folder, 'agent.tar.gz');
    // Larger than what fits into sockets on the way.
    await writeFile(filePath, randomBytes(3_000_000));
    await gatehouse(['release', 'keygen', 'key'], { cwd: folder });
    const args = ['release', 'sign', filePath, '1.2', '--key', 'key', '--json'];
    const release = JSON.parse((await gatehouse(args, { cwd: folder })).stdout) as ReleaseView['release'];
    const target = ['--url', cloud.httpUrl, '--token-file', join(folder, 'token')];
    return {
      call,
      get,
      proxy,
      bucket,
      filePath,
      release,
      sha256: release.sha256,
      cli: (...more: string[]) => gatehouse([...more, ...target], { cwd: folder }),
      keys: async () => {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
        return Contents.map(({ Key }) => Key);
      },
    };
  }
});
