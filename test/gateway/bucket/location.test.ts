import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatLocation, parseLocation } from '../../../gateway/bucket/location.js';

describe('a repository location', () => {
  test.each([
    ['s3://backups', { kind: 's3', bucket: 'backups', prefix: '' }],
    ['s3://backups/nas/home/', { kind: 's3', bucket: 'backups', prefix: 'nas/home' }],
    [
      's3:https://minio.home:9000/backups/nas',
      { kind: 's3', bucket: 'backups', prefix: 'nas', endpoint: 'https://minio.home:9000' },
    ],
    [
      's3:http://127.0.0.1:7480/backups',
      { kind: 's3', bucket: 'backups', prefix: '', endpoint: 'http://127.0.0.1:7480' },
    ],
    ['s3:minio.home/backups', { kind: 's3', bucket: 'backups', prefix: '', endpoint: 'https://minio.home' }],
    ['s3:s3.amazonaws.com/backups/x', { kind: 's3', bucket: 'backups', prefix: 'x' }],
    [
      's3:https://s3.eu-central-1.amazonaws.com/backups',
      { kind: 's3', bucket: 'backups', prefix: '', region: 'eu-central-1' },
    ],
    ['file:///srv/my%20backup', { kind: 'directory', path: '/srv/my backup' }],
    ['/srv/backup', { kind: 'directory', path: '/srv/backup' }],
    ['backup', { kind: 'directory', path: resolve('backup') }],
    ['./a:b', { kind: 'directory', path: resolve('a:b') }],
  ])('reads %s', (text, expected) => {
    expect(parseLocation(text)).toEqual(expected);
  });

  test.each([
    '',
    '  ',
    's3://',
    's3://a_/x',
    's3://backups/../other',
    's3:',
    's3:https:///bucket',
    's3:https://key:secret@host/bucket',
    'file://host/share',
    'sftp:user@host:/srv',
    'rest:http://host/',
    'https://host/bucket',
  ])('refuses "%s" and names what it accepts', (text) => {
    expect(() => parseLocation(text)).toThrow(
      expect.objectContaining({
        code: 'LOCATION_MALFORMED',
        hint: expect.stringContaining('s3://BUCKET/PREFIX'),
      }),
    );
  });

  test.each([
    ['gs://backups/nas', 'gs', 'https://storage.googleapis.com'],
    ['gs:backups:/nas', 'gs', 'https://storage.googleapis.com'],
    ['b2://backups/nas', 'b2', undefined],
    ['b2:backups:nas', 'b2', undefined],
  ])('takes %s as a bucket over its S3 endpoint', (text, scheme, endpoint) => {
    const place = parseLocation(text);
    expect(place).toMatchObject({ kind: 's3', bucket: 'backups', prefix: 'nas', scheme });
    expect(place.kind === 's3' && place.endpoint).toBe(endpoint);
    expect(formatLocation(place)).toBe(`${scheme}://backups/nas`);
  });

  test('is written as it was read', () => {
    for (const text of [
      's3://backups/nas',
      's3://backups',
      '/srv/backup',
      'gs://backups',
      'b2://backups/x',
    ]) {
      expect(formatLocation(parseLocation(text))).toBe(text);
    }
  });
});
