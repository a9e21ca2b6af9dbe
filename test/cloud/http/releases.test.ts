import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { startCloud } from '../../support/cloud-fixture.js';

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
  expect(await get('/releases')).toEqual([{ release, url, publishedAt: expect.any(String) }]);

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
