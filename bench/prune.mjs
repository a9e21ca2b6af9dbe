/**
 * Memory of prune on a repository of many tiny blobs, of which half are not needed
 * (`npm run bench prune [blobs]`, a million unless told): restic's prune of a copy beside ours.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../dist/core/clock.js';
import { Secret } from '../dist/core/secret.js';
import { DirectoryBucket } from '../dist/gateway/bucket/directory.js';
import { prune } from '../dist/gateway/commands/prune.js';
import { Repository } from '../dist/gateway/repository/repository.js';

const password = 'bench';
const filesPerFolder = 1000;
const fileBytes = 100;

export async function pruneBench([blobs = '1000000']) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-prune-'));
  try {
    await makeRepository(folder, Number(blobs));
    cpSync(join(folder, 'repository'), join(folder, 'copy'), { recursive: true });
    for (const how of ['plan', 'prune']) {
      const args = [fileURLToPath(import.meta.url), folder, how];
      const child = spawnSync(process.execPath, args, { encoding: 'utf8' });
      process.stdout.write(child.status === 0 ? child.stdout : child.stderr);
    }
    pruneWithRestic(join(folder, 'copy'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pruneWithRestic(folder) {
  const timed = spawnSync(
    '/usr/bin/time',
    ['-f', '%M %U %S', 'restic', '-q', '--no-cache', '-r', folder, 'prune', '--max-unused', '0'],
    { encoding: 'utf8', env: { ...process.env, RESTIC_PASSWORD: password } },
  );
  const [kib, user, system] = (timed.stderr ?? '').trim().split('\n').at(-1).split(' ').map(Number);
  if (timed.status !== 0) process.stdout.write('restic: could not be measured\n');
  else
    process.stdout.write(`restic prune: peak ${mib(kib)} resident, ${(user + system).toFixed(1)} s of CPU\n`);
}

function options(folder) {
  const temporaryFolder = join(folder, 'spool');
  mkdirSync(temporaryFolder, { recursive: true });
  const bucket = new DirectoryBucket(join(folder, 'repository'), { clock: systemClock });
  return { bucket, password: new Secret(password), temporaryFolder, clock: systemClock };
}

async function makeRepository(folder, blobs) {
  const how = options(folder);
  const repository = await Repository.init({ ...how, scryptCost: { n: 1024, r: 8, p: 1 } });
  const folders = [];
  for (let at = 0; at < blobs; at += filesPerFolder) {
    const bytes = randomBytes(filesPerFolder * fileBytes);
    const nodes = [];
    for (let i = 0; i < filesPerFolder; i++) {
      const content = bytes.subarray(i * fileBytes, (i + 1) * fileBytes);
      const { id } = await repository.saveBlob('data', content);
      // Every other file is needed by no folder.
      if (i % 2 === 0) nodes.push(node(i, { type: 'file', size: fileBytes, content: [id] }));
    }
    const tree = await saveTree(repository, nodes);
    folders.push(node(at, { type: 'dir', mode: 0o20000000755, content: null, subtree: tree }));
  }
  const tree = await saveTree(repository, folders);
  const time = '2024-01-01T00:00:00Z';
  const snapshot = { time, tree, paths: ['/x'], hostname: 'bench', username: 'bench', uid: 0, gid: 0 };
  await repository.saveSnapshot(JSON.stringify(snapshot));
  await repository.close();
}

async function saveTree(repository, nodes) {
  const { id } = await repository.saveBlob('tree', Buffer.from(`${JSON.stringify({ nodes })}\n`));
  return id;
}

function node(number, more) {
  const time = '2024-01-01T00:00:00Z';
  const owner = { uid: 0, gid: 0, user: 'root', group: 'root' };
  const name = String(number).padStart(9, '0');
  return {
    name,
    mode: 0o644,
    mtime: time,
    atime: time,
    ctime: time,
    ...owner,
    inode: 1,
    device_id: 1,
    ...more,
  };
}

async function measure(folder, how) {
  const repository = await Repository.open(options(folder));
  const before = process.cpuUsage();
  const { plan } = await prune(repository, { maxUnused: { bytes: 0 }, dryRun: how === 'plan' });
  const { user, system } = process.cpuUsage(before);
  const seconds = ((user + system) / 1e6).toFixed(1);
  const peak = mib(process.resourceUsage().maxRSS);
  process.stdout.write(
    `${how}: peak ${peak} resident, ${seconds} s of CPU, ${plan.stats.used.blobs} of ${plan.stats.used.blobs + plan.stats.unused.blobs} blobs needed\n`,
  );
  await repository.close();
}

const mib = (kib) => `${(kib / 1024).toFixed(0)} MiB`;

if (process.argv[1] === fileURLToPath(import.meta.url)) await measure(process.argv[2], process.argv[3]);
