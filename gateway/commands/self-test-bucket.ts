/**
 * What a repository asks of a bucket, tried in a place of its own: objects, ranges, listings, locks,
 * and a small backup that is checked and restored. Leaves what it made for the caller to remove.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import { Secret } from '../../core/secret.js';
import type { Bucket } from '../bucket/bucket.js';
import { Repository } from '../repository/repository.js';
import type { Lock } from '../repository/types.js';
import { backup } from './backup.js';
import { check } from './check.js';
import { restore } from './restore.js';
import { speedOf } from './self-test-machine.js';
import type { SelfTestStep, StepHandler } from './self-test-types.js';

const sampleBytes = 8 * 1024 * 1024;

export interface BucketTest {
  readonly bucket: Bucket;
  readonly clock: Clock;
  readonly folder: string;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly tell: StepHandler;
}

export async function testBucket(test: BucketTest): Promise<void> {
  const { bucket, clock, signal, tell } = test;
  const call = { signal };
  const step = (name: string, work: () => Promise<unknown>) => runStep(test, 'bucket', name, work);
  const sample = randomBytes(sampleBytes);
  await step('prepare', () => bucket.prepare(call));
  await step('put and read a small object (round trip)', async () => {
    await bucket.put('probe', Buffer.from('one'), call);
    expectThat(String(await bucket.get('probe', call)) === 'one', 'It reads back otherwise.');
  });
  await step('overwrite', async () => {
    await bucket.put('probe', Buffer.from('two'), call);
    expectThat(
      String(await bucket.get('probe', call)) === 'two',
      'The old content was read after it was replaced.',
    );
  });
  await step('read a range', async () => {
    expectThat(String(await bucket.getRange('probe', 1, 2, call)) === 'wo', 'The range has other bytes.');
  });
  await step('list', async () => {
    const found: string[] = [];
    for await (const { key } of bucket.list('', call)) found.push(key);
    expectThat(found.join() === 'probe', `It lists ${found.length} objects where there is one.`);
  });
  await step('delete', async () => {
    await bucket.delete('probe', call);
    expectThat((await bucket.get('probe', call)) === undefined, 'The object is still there.');
    expectThat((await bucket.stat('probe', call)) === undefined, 'The object still has a size.');
  });
  const timed = async (name: string, work: () => Promise<unknown>) => {
    const startMs = clock.monotonicMs();
    if (await step(name, work)) tell(speedOf(name, sampleBytes, clock.monotonicMs() - startMs));
  };
  await timed('upload', () => bucket.put('speed', sample, call));
  await timed('download', async () => {
    expectThat(
      sample.equals((await bucket.get('speed', call)) ?? Buffer.alloc(0)),
      'It reads back otherwise.',
    );
  });
  await bucket.delete('speed', call);
}

export async function testRepository(test: BucketTest): Promise<void> {
  const { bucket, clock, folder, version, signal } = test;
  const step = (name: string, work: () => Promise<unknown>) => runStep(test, 'repository', name, work);
  const [source, target, temporaryFolder] = ['source', 'target', 'spool'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  for (const made of [source, temporaryFolder]) await mkdir(made, { recursive: true });
  const content = randomBytes(3 * 1024 * 1024);
  await writeFile(join(source, 'file'), content);
  const password = new Secret(randomBytes(16).toString('hex'));
  const options = { bucket, password, temporaryFolder, clock, signal };
  const scryptCost = { n: 1024, r: 8, p: 1 };
  let repository: Repository | undefined;
  try {
    if (!(await step('init', async () => (repository = await Repository.init({ ...options, scryptCost })))))
      return;
    const made = repository as unknown as Repository;
    await step('locks exclude one another', () => lockTwice(made, signal));
    await step('backup', () => backup(made, { paths: [source], clock, version, countFirst: false, signal }));
    await step('check --read-data', async () => {
      const { isSound, summary } = await check(made, { readData: true, signal });
      expectThat(isSound, `It found ${summary.num_errors} errors.`);
    });
    await step('restore', async () => {
      await restore(made, { snapshot: 'latest', target, clock, signal });
      expectThat(
        content.equals(await readFile(join(target, source, 'file'))),
        'The file came back otherwise.',
      );
    });
  } finally {
    await repository?.close();
  }
}

async function lockTwice(repository: Repository, signal: AbortSignal): Promise<void> {
  const take = () => repository.lock('exclusive', { signal });
  const taken = await Promise.allSettled([take(), take()]);
  const held = taken.flatMap((outcome): Lock[] => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const lock of held) await lock.close();
  expectThat(held.length < 2, 'Two exclusive locks were held at once: its listings lag behind its writes.');
  await (await take()).close();
}

async function runStep(
  { clock, signal, tell }: BucketTest,
  group: SelfTestStep['group'],
  name: string,
  work: () => Promise<unknown>,
): Promise<boolean> {
  const startMs = clock.monotonicMs();
  const base = { message_type: 'step', group, name } as const;
  try {
    await work();
    tell({ ...base, state: 'passed', milliseconds: Math.round(clock.monotonicMs() - startMs) });
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    tell({ ...base, state: 'failed', note: messageOf(error) });
    return false;
  }
}

function expectThat(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}
