import { describe, expect, test, vi } from 'vitest';
import { withEndpoint } from '../../../gateway/bucket/b2-endpoint.js';
import { parseLocation, type S3Location } from '../../../gateway/bucket/location.js';
import { providerOf, regionOf } from '../../../gateway/bucket/providers.js';
import { stubS3 } from '../../support/stub-s3.js';

const place = parseLocation('b2://backups/nas') as S3Location;

async function ask(answer: unknown, status = 200) {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'key');
  const seen: (string | undefined)[] = [];
  const stub = await stubS3((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  try {
    return { place: await withEndpoint(place, {}, stub.endpoint), seen };
  } finally {
    vi.unstubAllEnvs();
  }
}

describe('the endpoint of a Backblaze bucket', () => {
  test('follows from the region', async () => {
    const found = await withEndpoint(place, { region: 'eu-central-003' });
    expect(found.endpoint).toBe('https://s3.eu-central-003.backblazeb2.com');
    expect(providerOf(found.endpoint).name).toBe('Backblaze B2');
    expect(regionOf(found.endpoint)).toBe('eu-central-003');
  });

  test('is asked for with the keys, where nobody names it', async () => {
    const s3ApiUrl = 'https://s3.us-west-004.backblazeb2.com';
    const { place: found, seen } = await ask({ apiInfo: { storageApi: { s3ApiUrl } } });
    expect(found).toMatchObject({ endpoint: s3ApiUrl, bucket: 'backups' });
    expect(seen).toEqual([`Basic ${Buffer.from('id:key').toString('base64')}`]);
  });

  test('is a named error when Backblaze refuses or answers something else', async () => {
    await expect(ask({ code: 'bad_auth_token' }, 401)).rejects.toMatchObject({
      code: 'BUCKET_DENIED',
      hint: expect.stringContaining('--region'),
    });
    for (const answer of [null, {}, { apiInfo: { storageApi: { s3ApiUrl: 'x' } } }]) {
      await expect(ask(answer)).rejects.toMatchObject({ code: 'BUCKET_DENIED' });
    }
  });

  test('leaves other locations alone', async () => {
    const google = parseLocation('gs://backups') as S3Location;
    expect(await withEndpoint(google, {})).toBe(google);
    expect(regionOf(google.endpoint)).toBe('auto');
  });
});
