/**
 * The blob index of a large repository: time and peak memory of loading it, and of look-ups
 * (`npm run bench index [blobs]`, a million unless told). The repository is a folder whose index
 * files name made-up packs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../dist/core/clock.js';
import { Secret } from '../dist/core/secret.js';
import { DirectoryBucket } from '../dist/gateway/bucket/directory.js';
import { encodeIndex } from '../dist/gateway/repository/index-file.js';
import { Repository } from '../dist/gateway/repository/repository.js';

const password = 'bench';
const blobsPerPack = 20;
const blobsPerFile = 50_000;
const lookUps = 200_000;

export async function indexBench([blobs = '1000000']) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-index-'));
  try {
    await makeRepository(folder, Number(blobs));
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), folder, blobs], {
      encoding: 'utf8',
    });
    process.stdout.write(child.status === 0 ? child.stdout : child.stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function options(folder) {
  const temporaryFolder = join(folder, 'spool');
  mkdirSync(temporaryFolder, { recursive: true });
  const bucket = new DirectoryBucket(join(folder, 'repository'), { clock: systemClock });
  return { bucket, password: new Secret(password), temporaryFolder, clock: systemClock };
}

const idOf = (text) => createHash('sha256').update(text).digest('hex');

async function makeRepository(folder, blobs) {
  const how = options(folder);
  const repository = await Repository.init({ ...how, scryptCost: { n: 1024, r: 8, p: 1 } });
  const { files } = repository.stores;
  for (let first = 0; first < blobs; first += blobsPerFile) {
    const packs = [];
    for (let at = first; at < Math.min(blobs, first + blobsPerFile); at += blobsPerPack) {
      const entries = Array.from({ length: blobsPerPack }, (_, i) => ({
        type: 'data',
        id: idOf(`blob ${at + i}`),
        offset: i * 800_000,
        length: 800_000,
        uncompressedLength: 1_000_000,
      }));
      packs.push({ packId: idOf(`pack ${at}`), blobs: entries });
    }
    await files.save('index', encodeIndex(packs));
  }
  await repository.close();
}

async function measure(folder, blobs) {
  const repository = await Repository.open(options(folder));
  const bare = process.resourceUsage().maxRSS;
  const before = process.cpuUsage();
  const start = performance.now();
  await repository.loadIndex();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const peak = process.resourceUsage().maxRSS;
  process.stdout.write(
    `${blobs} blobs: loaded in ${wall.toFixed(0)} ms (${((user + system) / 1000).toFixed(0)} ms of CPU), ` +
      `peak ${mib(peak)} resident (${mib(bare)} before)\n`,
  );
  const known = Array.from({ length: lookUps }, (_, i) => idOf(`blob ${(i * 7919) % blobs}`));
  const unknown = Array.from({ length: lookUps }, (_, i) => idOf(`other ${i}`));
  report('hits', known, (id) => repository.packOf('data', id) !== undefined);
  report('misses', unknown, (id) => !repository.hasBlob('data', id));
  await repository.close();
}

function report(what, ids, fits) {
  const start = performance.now();
  for (const id of ids) if (!fits(id)) throw new Error(`wrong answer for ${id}`);
  const each = ((performance.now() - start) / ids.length) * 1000;
  process.stdout.write(`  ${what}: ${each.toFixed(2)} us each\n`);
}

const mib = (kib) => `${(kib / 1024).toFixed(0)} MiB`;

if (process.argv[1] === fileURLToPath(import.meta.url))
  await measure(process.argv[2], Number(process.argv[3]));
