import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../core/secret.js';
import { saveConfig } from '../../../gateway/repository/config.js';
import { Sealer } from '../../../gateway/repository/crypto.js';
import { createKeyFile, openKeyFile, openMasterKey } from '../../../gateway/repository/keys.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { cheapScrypt, newRepository, optionsFor, sheetKey } from './vectors.js';

const holder = { hostname: 'nas', username: 'admin', pid: 1, uid: 0, gid: 0 };

async function bucketWithKey(password: string) {
  const bucket = new MemoryBucket();
  const master = await sheetKey();
  const id = await createKeyFile({ bucket, password, master, cost: cheapScrypt, holder, nowMs: 0 });
  const file = JSON.parse(bucket.objects.get(`keys/${id}`)!.toString()) as Record<string, unknown>;
  return { bucket, master, id, file };
}

describe('key files', () => {
  it('are named by their hash and open with their password alone', async () => {
    const { bucket, master, id, file } = await bucketWithKey('pw');
    const bytes = bucket.objects.get(`keys/${id}`)!;
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(id);
    expect(Object.keys(file)).toEqual([
      'created',
      'username',
      'hostname',
      'kdf',
      'N',
      'r',
      'p',
      'salt',
      'data',
    ]);
    expect((await openMasterKey(bucket, 'pw')).master).toEqual(master);
    await expect(openMasterKey(bucket, 'PW')).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
  });

  it('are all tried, past those of other passwords and past rubbish', async () => {
    const { bucket, master } = await bucketWithKey('second');
    await createKeyFile({ bucket, password: 'first', master, cost: cheapScrypt, holder, nowMs: 0 });
    bucket.objects.set(`keys/${'0'.repeat(64)}`, Buffer.from('not a key'));
    bucket.objects.set('keys/README', Buffer.from('hello'));
    expect((await openMasterKey(bucket, 'first')).master).toEqual(master);
    expect((await openMasterKey(bucket, 'second')).master).toEqual(master);
  });

  it.each([
    ['a memory cost beyond all bounds', { N: 2 ** 30 }],
    ['a processor cost beyond all bounds', { p: 2 ** 20 }],
    ['a block size beyond all bounds', { r: 2 ** 29 }],
    ['an N that is no power of two', { N: 1000 }],
    ['a salt of 32 bytes', { salt: Buffer.alloc(32).toString('base64') }],
    ['another derivation', { kdf: 'argon2id' }],
    ['no numbers', { N: '1024' }],
  ])('with %s are refused without deriving a key', async (_fault, change) => {
    const { file } = await bucketWithKey('pw');
    const outcome = await openKeyFile(Buffer.from(JSON.stringify({ ...file, ...change })), 'pw');
    expect(outcome).toBeTypeOf('string');
  });

  it("with restic's usual cost of 32 MiB open", async () => {
    const { master } = await bucketWithKey('pw');
    const bucket = new MemoryBucket();
    await createKeyFile({ bucket, password: 'pw', master, cost: { n: 32768, r: 8, p: 1 }, holder, nowMs: 0 });
    expect((await openMasterKey(bucket, 'pw')).master).toEqual(master);
  });
});

describe('opening a repository', () => {
  it('tells that there is none', async () => {
    await expect(Repository.open(await optionsFor())).rejects.toMatchObject({ code: 'REPOSITORY_MISSING' });
  });

  it('tells that the password is wrong', async () => {
    const { reopen } = await newRepository();
    await expect(reopen({ password: new Secret('nope') })).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
  });

  it('tells that every key file is gone', async () => {
    const { bucket, reopen } = await newRepository();
    for (const key of bucket.keys('keys/')) bucket.objects.delete(key);
    await expect(reopen()).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
  });

  it('gives the id, version and polynomial of its making', async () => {
    const { repository, reopen } = await newRepository();
    const again = await reopen();
    expect([again.id, again.version, again.polynomial]).toEqual([repository.id, 2, repository.polynomial]);
    expect(again.polynomial >> 53n).toBe(1n);
  });

  it('refuses a config whose polynomial has factors, or of a version to come', async () => {
    const { bucket, reopen } = await newRepository();
    const sealer = new Sealer((await openMasterKey(bucket, 'correct horse')).master);
    const config = { version: 2, id: 'ab'.repeat(32), polynomial: 0x38f1e565e288dfn } as const;
    await saveConfig(bucket, sealer, config);
    await expect(reopen()).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
    await saveConfig(bucket, sealer, { ...config, polynomial: 0x3da3358b4dc173n, version: 3 as 2 });
    await expect(reopen()).rejects.toMatchObject({ code: 'REPOSITORY_VERSION', context: { version: 3 } });
    await saveConfig(bucket, sealer, { ...config, polynomial: 0x3da3358b4dc173n });
    expect((await reopen()).id).toBe(config.id);
  });
});

describe('creating a repository', () => {
  it('refuses a bucket that has one', async () => {
    const { bucket } = await newRepository();
    const before = [...bucket.objects.keys()];
    await expect(newRepository({}, bucket)).rejects.toMatchObject({ code: 'REPOSITORY_EXISTS' });
    expect([...bucket.objects.keys()]).toEqual(before);
  });

  it('refuses a bucket whose config was lost but whose data was not, and keeps its keys', async () => {
    const { bucket } = await newRepository();
    bucket.objects.delete('config');
    bucket.objects.set(`data/00/${'0'.repeat(64)}`, Buffer.alloc(1));
    await expect(newRepository({}, bucket)).rejects.toMatchObject({ code: 'REPOSITORY_EXISTS' });
    expect(bucket.keys('keys/')).toHaveLength(1);
  });

  it('begins anew where an earlier attempt ended between key and config', async () => {
    const { bucket } = await newRepository();
    bucket.objects.delete('config');
    const { reopen } = await newRepository({}, bucket);
    expect(bucket.keys('keys/')).toHaveLength(1);
    await reopen();
  });
});
