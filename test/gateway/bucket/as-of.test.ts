import { expect, test } from 'vitest';
import { AsOfBucket } from '../../../gateway/bucket/as-of.js';
import type { BucketEntry } from '../../../gateway/bucket/bucket.js';
import { ObjectLockBucket } from '../../../gateway/bucket/object-lock.js';
import { planPurge, purgeVersions } from '../../../gateway/commands/purge-versions.js';
import { planUndelete, undelete } from '../../../gateway/commands/undelete.js';
import { FakeClock } from '../../support/fake-clock.js';
import { VersionedBucket } from '../../support/versioned-bucket.js';

const { signal } = new AbortController();

async function listed(list: AsyncIterable<BucketEntry>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of list) keys.push(key);
  return keys.sort();
}

async function text(bytes: Promise<Uint8Array | undefined>): Promise<string | undefined> {
  const found = await bytes;
  return found && Buffer.from(found).toString();
}

/** At 100 there are `config` and a pack; at 200 the pack is overwritten, `config` deleted, a snapshot added. */
async function attacked(): Promise<VersionedBucket> {
  const bucket = new VersionedBucket();
  bucket.nowMs = 100;
  await bucket.put('config', Buffer.from('config'));
  await bucket.put('data/aa/p', Buffer.from('pack'));
  await bucket.put('locks/l', Buffer.from('lock'));
  bucket.nowMs = 200;
  await bucket.put('data/aa/p', Buffer.from('junk'));
  await bucket.delete('config');
  await bucket.put('snapshots/s', Buffer.from('new'));
  return bucket;
}

test('shows each object as it was then, and no locks', async () => {
  const past = AsOfBucket.of(await attacked(), 150);
  expect(await text(past.get('config'))).toBe('config');
  expect(await text(past.get('data/aa/p'))).toBe('pack');
  expect(await text(past.getRange('data/aa/p', 1, 2))).toBe('ac');
  expect(await past.get('snapshots/s')).toBeUndefined();
  expect(await past.stat('config')).toBe(6);
  expect(await listed(past.list('data/'))).toEqual(['data/aa/p']);
  expect(await listed(past.list('locks/'))).toEqual([]);
  expect(await listed(AsOfBucket.of(await attacked(), 50).list(''))).toEqual([]);
});

test('nothing is written through a view of the past', async () => {
  const past = AsOfBucket.of(await attacked(), 150);
  for (const call of [() => past.put('locks/x'), () => past.delete('config'), () => past.putFile('a')])
    await expect(call()).rejects.toMatchObject({ code: 'BUCKET_READ_ONLY' });
});

test('undelete puts all back, a second time changes nothing, and it can be taken back', async () => {
  const bucket = await attacked();
  bucket.nowMs = 300;
  const plan = await planUndelete(bucket, 150, { signal, keepNewer: false });
  expect(plan.steps.map(({ action, key }) => `${action} ${key}`)).toEqual([
    'reveal config',
    'bring-back data/aa/p',
    'hide snapshots/s',
  ]);
  await undelete(bucket, plan, { signal });
  expect(await text(bucket.get('config'))).toBe('config');
  expect(await text(bucket.get('data/aa/p'))).toBe('pack');
  expect(await bucket.get('snapshots/s')).toBeUndefined();
  expect((await planUndelete(bucket, 150, { signal, keepNewer: false })).steps).toEqual([]);
  const back = await planUndelete(bucket, 250, { signal, keepNewer: false });
  expect(back.steps.map(({ action, key }) => `${action} ${key}`)).toEqual([
    'bring-back data/aa/p',
    'reveal snapshots/s',
  ]);
});

test('undelete copies where markers may not be removed, and leaves what is newer when told', async () => {
  const bucket = await attacked();
  bucket.mayRemoveVersions = false;
  bucket.nowMs = 300;
  await undelete(bucket, await planUndelete(bucket, 150, { signal, keepNewer: true }), { signal });
  expect(await text(bucket.get('config'))).toBe('config');
  expect(await text(bucket.get('snapshots/s'))).toBe('new');
});

test('a purge frees what is not shown any more, but keeps what is locked hidden', async () => {
  const bucket = await attacked();
  const [first] = bucket.history('config').filter(({ isDeleteMarker }) => !isDeleteMarker);
  await bucket.versions.retain('config', { mode: 'COMPLIANCE', untilMs: 86_400_000 }, first);
  const plan = await planPurge(bucket, signal);
  expect(plan.versions).toBe(3);
  const { removed, stillLocked } = await purgeVersions(bucket, plan, { signal });
  expect(removed).toBe(1);
  expect(stillLocked).toEqual([{ key: 'config', until: '1970-01-02T00:00:00.000Z' }]);
  expect(await bucket.get('config')).toBeUndefined();
  expect(await text(bucket.get('data/aa/p'))).toBe('junk');
  bucket.nowMs = 86_400_001;
  expect((await purgeVersions(bucket, await planPurge(bucket, signal), { signal })).removed).toBe(2);
  expect(bucket.history('config')).toEqual([]);
});

test('what is written is locked from now on for its days, but never a lock of the repository', async () => {
  const inner = new VersionedBucket();
  const clock = new FakeClock();
  const bucket = new ObjectLockBucket(inner, { mode: 'GOVERNANCE', days: 2 }, clock);
  await bucket.put('config', Buffer.from('c'));
  await bucket.put('locks/l', Buffer.from('l'));
  const untilMs = clock.now() + 2 * 86_400_000;
  expect(await inner.versions.retention('config')).toEqual({ mode: 'GOVERNANCE', untilMs });
  expect(await inner.versions.retention('locks/l')).toBeUndefined();
});
