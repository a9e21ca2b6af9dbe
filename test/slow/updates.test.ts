/** Updates of a real agent in processes of its own, under the launcher: good, broken, torn, killed. */
import { once } from 'node:events';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../support/cloud-database.js';
import { seededRandom } from '../support/random.js';
import { openFleet, realProgram } from '../support/update-fleet.js';

it('a good version stays; one that crashes, never connects or is not what was signed does not', async () => {
  const fleet = await openFleet();
  const device = await fleet.device('door');
  device.start();

  const torn = await tearingServer(await fleet.publish('2.0', 'good'));
  await fleet.publish('2.0', 'good', { artifactUrl: torn.url });
  expect(await fleet.rollOut('2.0')).toEqual({
    status: 'SUCCEEDED',
    details: { step: 'committed', version: '2.0' },
  });
  expect(torn.ranges.length).toBeGreaterThan(2);
  expect(torn.ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true);
  expect(await device.current()).toBe('2.0');

  await fleet.publish('3.0', 'crashes at start');
  expect(await fleet.rollOut('3.0')).toMatchObject({
    status: 'FAILED',
    details: { step: 'rolled back', runs: '2.0', reason: 'It ended 3 times. It ended with exit code 7.' },
  });
  expect(await device.current()).toBe('2.0');

  await fleet.publish('4.0', 'never connects');
  expect(await fleet.rollOut('4.0')).toMatchObject({
    status: 'FAILED',
    details: { step: 'rolled back', reason: 'It did not prove its health within 4 s.' },
  });

  await fleet.publish('5.0', 'good', { key: 'stranger.key' });
  expect(await fleet.rollOut('5.0')).toMatchObject({
    status: 'FAILED',
    details: { code: 'SIGNATURE_WRONG' },
  });

  const changed = await fleet.publish('6.0', 'good', { padBytes: 1_000 });
  const damaged = Buffer.from(await readFile(changed));
  damaged[damaged.length - 9] = (damaged[damaged.length - 9] ?? 0) ^ 1;
  await writeFile(fleet.storedArtifact(changed), damaged);
  expect(await fleet.rollOut('6.0')).toMatchObject({
    status: 'FAILED',
    details: { code: 'ARTIFACT_DAMAGED' },
  });
  expect(await device.current()).toBe('2.0');
});

it('killed at any instant, launcher and agent, it ends with the new version whole', async () => {
  const seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 4);
  const random = seededRandom(seed);
  const fleet = await openFleet();
  const device = await fleet.device('door');
  await fleet.publish('2.0', 'good', { padBytes: 3_000_000 });
  device.start();
  await fleet.online('door');
  // The instants that matter most: the moment something is put in place, then some by chance.
  // Looked for before the command: unpacking may be over before its process has ended.
  let appears = device.appears('2.0.unpacking');
  await fleet.startRollOut('2.0');
  for (const next of ['update.json', 'current', undefined]) {
    await appears;
    await device.kill9();
    device.start();
    if (next !== undefined) appears = device.appears(next);
  }
  for (let kills = 0; kills < 2; kills++) {
    await new Promise((resolve) => setTimeout(resolve, 300 + random() * 1_200));
    await device.kill9();
    // Whatever `current` names at that instant is whole.
    const current = await device.current();
    if (current !== undefined) await stat(join(device.install, 'releases', current, 'bin', 'gatehouse.mjs'));
    device.start();
  }
  expect(await fleet.outcome('update-2-0'), `seed ${seed}`).toMatchObject({ status: 'SUCCEEDED' });
  expect(await device.current()).toBe('2.0');
});

it.each([
  ['before the switch to the new version', 'trial', undefined, '2.0'],
  ['before the switch back', 'rolled-back', '2.0', undefined],
] as const)('after a power cut %s, the launcher finishes it', async (_, phase, link, wanted) => {
  const fleet = await openFleet();
  const device = await fleet.device('door');
  const release = join(device.install, 'releases', '2.0', 'bin');
  await mkdir(release, { recursive: true });
  await writeFile(join(release, 'gatehouse.mjs'), realProgram);
  if (link !== undefined) await symlink(join('releases', link), join(device.install, 'current'));
  const state = {
    jobId: 'gone',
    version: '2.0',
    previous: null,
    phase,
    healthSeconds: 1,
    graceSeconds: 5,
    starts: 0,
  };
  await writeFile(join(device.install, 'update.json'), JSON.stringify(state));
  device.start();
  await fleet.online('door');
  expect(await device.current()).toBe(wanted);
  if (phase === 'trial') {
    await until(async () => (await device.state())?.phase === 'committed', 'the commit');
  }
});

it('waves stop at the failure threshold: the rest of the fleet keeps its version', async () => {
  const fleet = await openFleet();
  const canary = await fleet.device('canary');
  const other = await fleet.device('other');
  canary.start();
  other.start();
  await fleet.publish('3.0', 'crashes at start');
  await fleet.startRollOut('3.0', ['--waves', '1,100%', '--abort-above', '50']);
  await until(async () => (await fleet.job('update-3-0')).status === 'CANCELED', 'the stop', 30_000);
  const job = await fleet.job('update-3-0');
  expect(job.reason).toBe('1 of 1 failed (limit 50 %)');
  expect(job.executions?.map(({ thing, status }) => [thing, status])).toEqual([
    ['canary', 'FAILED'],
    ['other', 'CANCELED'],
  ]);
  const shown = await fleet.cli('release', 'status', '3.0');
  expect(shown).toContain('It ended 3 times.');
  expect(await other.current()).toBeUndefined();
});

/** Serves one file, but breaks off every answer after a part of it, twice; then it holds. */
async function tearingServer(filePath: string): Promise<{ url: string; ranges: (string | undefined)[] }> {
  const content = await readFile(filePath);
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const from = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from });
    const isTorn = ranges.length <= 2;
    const part = content.subarray(from, isTorn ? from + 15_000 : undefined);
    response.write(part, () => {
      if (isTorn) response.socket?.end();
      else response.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/artifact`, ranges };
}
