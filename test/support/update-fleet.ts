/**
 * A cloud in this process, and devices whose agents run in processes of their own under the launcher;
 * releases that are made, signed and published by the real command.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { mkdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import type { JobView } from '../../core/wire/jobs.js';
import { until } from './cloud-database.js';
import { startCloud } from './cloud-fixture.js';
import { entryPoint, gatehouse } from './gatehouse-cli.js';
import { seededRandom } from './random.js';
import { temporaryFolder } from './temporary-folder.js';

const main = pathToFileURL(join(entryPoint, '..', '..', 'dist', 'cli', 'main.js')).href;
/** What a good release holds. */
export const realProgram = `const { main } = await import('${main}');\nawait main(process.argv);\n`;
const programs = {
  good: realProgram,
  'crashes at start': 'process.exit(7);\n',
  'never connects': `process.argv.push('--mqtt-port', '1');\n${realProgram}`,
};

export async function openFleet(more: Parameters<typeof startCloud>[0] = {}) {
  const { cloud, dataDir, get } = await startCloud(more);
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
    dataDir,
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
      more: { key?: string; artifactUrl?: string; bucket?: string; padBytes?: number } = {},
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
      const { artifactUrl, bucket } = more;
      const inBucket = bucket === undefined ? [] : ['--bucket', bucket];
      const elsewhere = artifactUrl === undefined ? inBucket : ['--artifact-url', artifactUrl];
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
