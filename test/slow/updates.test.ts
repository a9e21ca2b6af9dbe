/** Updates of a real agent in processes of its own, under the launcher: good, broken, torn, killed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { JobView } from '../../core/wire/jobs.js';
import { until } from '../support/cloud-database.js';
import { startCloud } from '../support/cloud-fixture.js';
import { entryPoint, gatehouse } from '../support/gatehouse-cli.js';
import { seededRandom } from '../support/random.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const main = pathToFileURL(join(entryPoint, '..', '..', 'dist', 'cli', 'main.js')).href;
const runs = `const { main } = await import('${main}');\nawait main(process.argv);\n`;
const programs = {
  good: runs,
  'crashes at start': 'process.exit(7);\n',
  'never connects': `process.argv.push('--mqtt-port', '1');\n${runs}`,
};

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
  await writeFile(join(release, 'gatehouse.mjs'), runs);
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

async function openFleet() {
  const { cloud, dataDir, get } = await startCloud();
  const folder = await temporaryFolder('fleet');
  await writeFile(join(folder, 'token'), cloud.apiToken);
  const target = ['--url', cloud.httpUrl, '--token-file', join(folder, 'token')];
  const run = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await gatehouse(args, { cwd: folder });
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  await run(['release', 'keygen', 'release.key']);
  await run(['release', 'keygen', 'stranger.key']);
  const job = (id: string) => get<JobView>(`/jobs/${id}`);
  const outcome = async (id: string) => {
    const isOver = async () => (await job(id)).status === 'COMPLETED';
    await until(isOver, `the end of ${id}`, 40_000);
    const [execution] = (await job(id)).executions ?? [];
    return { status: execution?.status, details: execution?.statusDetails };
  };
  const startRollOut = async (version: string, more: readonly string[] = []) => {
    const args = ['--all', '--health-seconds', '1', '--grace-seconds', '3', ...more];
    await run(['release', 'roll-out', version, ...args, ...target]);
  };
  return {
    job,
    outcome,
    startRollOut,
    cli: (...args: string[]) => run([...args, ...target]),
    rollOut: async (version: string) => {
      await startRollOut(version);
      return outcome(`update-${version.replace('.', '-')}`);
    },
    online: (thing: string) =>
      until(async () => (await get<{ online: boolean }>(`/things/${thing}`)).online, `${thing} online`),
    /** Where the backend keeps the same artifact. */
    storedArtifact: (filePath: string) =>
      join(dataDir, 'artifacts', createHash('sha256').update(readFileSync(filePath)).digest('hex')),
    /** Makes, signs and publishes an artifact; its path. */
    async publish(
      version: string,
      program: keyof typeof programs,
      more: { key?: string; artifactUrl?: string; padBytes?: number } = {},
    ) {
      const tree = join(folder, `tree-${version}`);
      const filePath = join(folder, `${version}.tar.gz`);
      if (more.artifactUrl === undefined) {
        await mkdir(join(tree, 'bin'), { recursive: true });
        await writeFile(join(tree, 'bin', 'gatehouse.mjs'), programs[program]);
        const random = seededRandom(1);
        const pad = Uint8Array.from({ length: more.padBytes ?? 40_000 }, () => random() * 256);
        await writeFile(join(tree, 'pad'), pad);
        execFileSync('tar', ['-czf', filePath, '-C', tree, '.']);
        await run(['release', 'sign', filePath, version, '--key', more.key ?? 'release.key']);
      }
      const { artifactUrl } = more;
      const elsewhere = artifactUrl === undefined ? [] : ['--artifact-url', artifactUrl];
      await run(['release', 'publish', filePath, ...elsewhere, ...target]);
      return filePath;
    },
    async device(thing: string) {
      const { claimToken } = await cloud.createClaimToken(thing);
      const config = join(folder, `${thing}.json`);
      const settings = {
        dataDir: join(folder, thing),
        identity: { claimToken },
        gpio: { route: 'simulated' },
        update: { publicKeyFile: join(folder, 'release.key.pub') },
      };
      await writeFile(config, JSON.stringify(settings));
      return Device.make(join(folder, thing, 'install'), config);
    },
  };
}

/** A launcher and its agent, in a process group of their own. */
class Device {
  readonly install: string;
  readonly #config: string;
  #launcher: ChildProcess | undefined;

  private constructor(install: string, config: string) {
    this.install = install;
    this.#config = config;
  }

  static async make(install: string, config: string): Promise<Device> {
    const device = new Device(install, config);
    await mkdir(join(install, 'releases'), { recursive: true });
    onTestFinished(() => device.kill9());
    return device;
  }

  start(): void {
    const args = [entryPoint, 'agent', 'supervise', '--config', this.#config];
    const quiet = process.env['GATEHOUSE_TEST_LOG'] === undefined;
    this.#launcher = spawn(process.execPath, args, {
      detached: true,
      stdio: quiet ? 'ignore' : 'inherit',
    });
  }

  async kill9(): Promise<void> {
    const { pid, exitCode } = this.#launcher ?? {};
    if (this.#launcher === undefined || pid === undefined || exitCode !== null) return;
    const ended = once(this.#launcher, 'exit');
    process.kill(-pid, 'SIGKILL');
    await ended;
  }

  async current(): Promise<string | undefined> {
    return readlink(join(this.install, 'current')).then(basename, () => undefined);
  }

  async state(): Promise<{ phase: string } | undefined> {
    return readFile(join(this.install, 'update.json'), 'utf8').then(JSON.parse, () => undefined);
  }

  /** Resolves in the moment in which a name shows up, or at once when it is there. */
  async appears(name: string): Promise<void> {
    const folder = name.startsWith('2.0') ? join(this.install, 'releases') : this.install;
    const there = async () =>
      (await readlink(join(folder, name)).catch(() => stat(join(folder, name)))) !== null;
    await new Promise<void>((resolve) => {
      const watcher = watch(folder, (_event, changed) => {
        if (changed === name) done();
      });
      const done = () => {
        watcher.close();
        resolve();
      };
      there().then(done, () => {});
    });
  }
}

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
