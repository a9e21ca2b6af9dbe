import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { UserAccessKeys } from '../../../gateway/security/access-keys.js';
import { readCredentialFiles } from '../../../gateway/security/credential-files.js';
import { Rotation } from '../../../gateway/security/rotation.js';
import { stubS3 } from '../../support/stub-s3.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'admin');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'adminsecret');
});
afterEach(() => vi.unstubAllEnvs());

async function place() {
  const folder = join(await temporaryFolder(), 'credentials');
  await mkdir(folder);
  const files = { accessKeyIdFile: join(folder, 'id'), secretAccessKeyFile: join(folder, 'secret') };
  await writeFile(files.accessKeyIdFile, 'OLD\n', { mode: 0o640 });
  await writeFile(files.secretAccessKeyFile, 'old secret\n', { mode: 0o640 });
  return { folder, files, rotation: new Rotation(files) };
}

const answerOf: Record<string, (keys: Map<string, string>, form: URLSearchParams) => string> = {
  CreateAccessKey: (keys) => {
    const made = `NEW${keys.size}${Math.max(0, ...[...keys.keys()].map((key) => key.length))}`;
    keys.set(made, 'Active');
    return `<AccessKey><UserName>nas</UserName><AccessKeyId>${made}</AccessKeyId><Status>Active</Status><SecretAccessKey>secret of ${made}</SecretAccessKey></AccessKey>`;
  },
  ListAccessKeys: (keys) => {
    const members = [...keys.keys()].map((key) => `<member><AccessKeyId>${key}</AccessKeyId></member>`);
    return `<AccessKeyMetadata>${members.join('')}</AccessKeyMetadata><IsTruncated>false</IsTruncated>`;
  },
  UpdateAccessKey: (keys, form) => {
    keys.set(form.get('AccessKeyId') ?? '', form.get('Status') ?? '');
    return '';
  },
  DeleteAccessKey: (keys, form) => {
    keys.delete(form.get('AccessKeyId') ?? '');
    return '';
  },
};

/** IAM with the access keys of one user; with `loseAnswers` a key is made and the answer is lost. */
async function stubIam(keys: Map<string, string>, behaviour = { loseAnswers: false }) {
  const calls: string[] = [];
  const { endpoint } = await stubS3((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk));
    request.on('end', () => {
      const form = new URLSearchParams(body);
      const action = form.get('Action') ?? '';
      calls.push(`${action} ${form.get('AccessKeyId') ?? ''}`.trim());
      const result = answerOf[action]?.(keys, form) ?? '';
      if (behaviour.loseAnswers && action === 'CreateAccessKey') request.socket.destroy();
      response.setHeader('content-type', 'text/xml');
      response.end(
        `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>${result}</${action}Result></${action}Response>`,
      );
    });
  });
  const user = await UserAccessKeys.open({ user: 'nas', endpoint, signal: new AbortController().signal });
  onTestFinished(() => user.close());
  return { user, calls };
}

test('four steps replace the keys, each can be made twice, and the old ones work until the last', async () => {
  const { files, rotation } = await place();
  const keys = new Map([['OLD', 'Active']]);
  const { user, calls } = await stubIam(keys);
  const inUse = async () => (await readCredentialFiles(files)).accessKeyId;
  const id = await rotation.create(user);
  expect(await rotation.create(user)).toBe(id);
  expect((await rotation.status()).step).toBe('created');
  expect(await rotation.set()).toBe(id);
  expect(await rotation.set()).toBe(id);
  await expect(rotation.finish(undefined)).rejects.toMatchObject({ code: 'ROTATION_STEP_MISSING' });
  const pending = await rotation.pending();
  expect(pending.secretAccessKey.reveal()).toBe(`secret of ${id}`);
  await rotation.markTested(id);
  expect(await inUse()).toBe('OLD');
  expect(keys.get('OLD')).toBe('Active');
  expect(await rotation.finish((old) => user.remove(old))).toBe('OLD');
  expect(await inUse()).toBe(id);
  expect((await stat(files.secretAccessKeyFile)).mode & 0o777).toBe(0o640);
  expect([...keys.keys()]).toEqual([id]);
  expect(calls.slice(-2)).toEqual(['UpdateAccessKey OLD', 'DeleteAccessKey OLD']);
  expect(await rotation.finish((old) => user.remove(old))).toBeUndefined();
  expect((await rotation.status()).step).toBe('idle');
});

test('a key whose secret was lost on the way is deleted, and another one made', async () => {
  const { rotation } = await place();
  const keys = new Map([['OLD', 'Active']]);
  const behaviour = { loseAnswers: true };
  const { user, calls } = await stubIam(keys, behaviour);
  await expect(rotation.create(user)).rejects.toMatchObject({ code: 'IAM_FAILED' });
  behaviour.loseAnswers = false;
  const id = await rotation.create(user);
  expect([...keys.keys()]).toEqual(['OLD', id]);
  expect(calls.filter((call) => call === 'CreateAccessKey')).toHaveLength(2);
});

test('killed between the two files a reader still gets a pair, and finish goes on', async () => {
  const { folder, files, rotation } = await place();
  await writeFile(join(folder, 'made'), 'NEW\nnew secret\n');
  await rotation.create({ keyFile: join(folder, 'made') });
  await rotation.set();
  await rotation.markTested('NEW');
  // As finish leaves it when it dies after the first of its two moves.
  await writeFile(`${files.accessKeyIdFile}.old`, 'OLD\n');
  await rename(`${files.accessKeyIdFile}.pending`, files.accessKeyIdFile);
  const read = await readCredentialFiles(files);
  expect([read.accessKeyId, read.secretAccessKey.reveal()]).toEqual(['NEW', 'new secret']);
  expect(await rotation.status()).toMatchObject({ step: 'finishing', old: 'OLD' });
  expect(await rotation.finish(undefined)).toBe('OLD');
  expect(await readFile(files.secretAccessKeyFile, 'utf8')).toBe('new secret\n');
});

test('killed while it sets, the old pair stays in use', async () => {
  const { files, rotation } = await place();
  await writeFile(`${files.accessKeyIdFile}.created`, 'NEW\nnew secret\n');
  await writeFile(`${files.accessKeyIdFile}.pending`, 'NEW\n');
  const read = await readCredentialFiles(files);
  expect([read.accessKeyId, read.secretAccessKey.reveal()]).toEqual(['OLD', 'old secret']);
  expect((await rotation.status()).step).toBe('created');
  expect(await rotation.set()).toBe('NEW');
  expect((await rotation.status()).step).toBe('set');
});

test('a file without two lines is no key', async () => {
  const { folder, rotation } = await place();
  await writeFile(join(folder, 'made'), 'NEW\n');
  const refused = { code: 'KEY_FILE_MALFORMED' };
  await expect(rotation.create({ keyFile: join(folder, 'made') })).rejects.toMatchObject(refused);
});
