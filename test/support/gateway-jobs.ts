/** A gateway with one job at a repository of its own, or more; everything real but the time of day at which jobs run. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Clock } from '../../core/clock.js';
import { parseConfig } from '../../core/config.js';
import { silentLogger } from '../../core/log.js';
import { gatewayConfig } from '../../gateway/config.js';
import type { JobControl, JobRunView, RunKind } from '../../gateway/control/control.js';
import { openGateway } from '../../gateway/main.js';
import { eventually } from './eventually.js';
import { hastyClock } from './hasty-clock.js';
import { openTestRepository, testPassword } from './restic.js';
import { temporaryFolder } from './temporary-folder.js';

interface JobsOptions {
  readonly clock?: Clock;
  readonly root?: string;
  /** The root is a fresh folder. */
  readonly isNew?: boolean;
  readonly config?: Record<string, unknown>;
}

/** Without a schedule of its own the job runs by hand only. */
export async function openJobs(
  job: Record<string, unknown> = {},
  others: readonly Record<string, unknown>[] = [],
  options: JobsOptions = {},
) {
  const root = options.root ?? (await temporaryFolder());
  const password = testPassword;
  await mkdir(join(root, 'source'), { recursive: true });
  await writeFile(join(root, 'source', 'hello.txt'), 'hello\n');
  await writeFile(join(root, 'password'), password);
  // Guessing passwords costs seconds, which is of no use here.
  if (options.root === undefined || options.isNew)
    await (await openTestRepository(join(root, 'repository'), 'init')).close();
  const common = {
    name: 'nas',
    paths: [join(root, 'source')],
    repository: join(root, 'repository'),
    passwordFile: join(root, 'password'),
  };
  const config = parseConfig(
    gatewayConfig,
    {
      dataDir: join(root, 'data'),
      jobs: [job, ...others].map((one) => ({ ...common, ...one })),
      ...options.config,
    },
    'test',
  );
  const gateway = await openGateway(config, {
    clock: options.clock ?? hastyClock,
    log: silentLogger,
    version: '1.2.3',
  });
  onTestFinished(() => gateway.close());
  return {
    root,
    password,
    config,
    gateway,
    runs: (): Promise<JobRunView[]> => gateway.jobs.history({ limit: 100 }),
    verifyNow: (name: string) => runToEnd(gateway.jobs, name, 'verify'),
    pruneNow: (name: string) => runToEnd(gateway.jobs, name, 'prune'),
    /** Overwrites every pack with noise. */
    async damage(): Promise<void> {
      const data = join(root, 'repository', 'data');
      for (const name of await readdir(data, { recursive: true })) {
        if (!/[0-9a-f]{64}$/.test(name)) continue;
        const { size } = await stat(join(data, name));
        await chmod(join(data, name), 0o600);
        await writeFile(join(data, name), randomBytes(size));
      }
    },
  };
}

async function runToEnd(jobs: JobControl, name: string, kind: RunKind): Promise<void> {
  const { runId } = await jobs.start(name, kind);
  await eventually(async () => expect((await jobs.run(runId))?.endedAt).toBeTruthy());
  await eventually(async () => expect((await jobs.status(name)).state).toBe('idle'));
}
