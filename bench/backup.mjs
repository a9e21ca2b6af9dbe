/**
 * First backup, unchanged backup and restore, in turn with restic on the same files: 256 MiB that does
 * not compress, 256 MiB of log-like text, and 5,000 small files.
 */
import { spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, median } from './measure.mjs';

const entryPoint = fileURLToPath(new URL('../bin/gatehouse.mjs', import.meta.url));
const rounds = 3;
const mib = 1024 ** 2;
const password = 'correct horse battery staple';

export async function backupBench() {
  const peer = spawnSync('restic', ['version'], { encoding: 'utf8' });
  if (peer.status !== 0) {
    process.stdout.write('skipped: no restic here to compare with\n');
    return;
  }
  process.stdout.write(`peer: ${peer.stdout.trim()}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  try {
    const source = join(folder, 'source');
    makeFiles(source);
    const env = {
      ...process.env,
      GATEHOUSE_PASSWORD: password,
      RESTIC_PASSWORD: password,
      RESTIC_CACHE_DIR: join(folder, 'cache'),
    };
    const results = { first: [], unchanged: [], restore: [] };
    for (let round = 0; round < rounds; round++) {
      const ours = await oneRound([process.execPath, entryPoint], join(folder, 'ours'), source, env);
      const theirs = await oneRound(['restic', '--quiet'], join(folder, 'theirs'), source, env);
      for (const step of Object.keys(results)) results[step].push({ ours: ours[step], theirs: theirs[step] });
    }
    for (const [step, pairs] of Object.entries(results)) process.stdout.write(`${lineOf(step, pairs)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function oneRound([command, ...first], folder, source, env) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const repository = join(folder, 'repository');
  const run = (...args) => measure(command, [...first, ...args, '-r', repository], env);
  await run('init');
  const backedUp = await run('backup', source);
  const unchanged = await run('backup', source);
  const restored = await run('restore', 'latest', '--target', join(folder, 'out'));
  return { first: backedUp, unchanged, restore: restored };
}

function lineOf(step, pairs) {
  const ours = median(pairs.map((pair) => pair.ours.seconds));
  const theirs = median(pairs.map((pair) => pair.theirs.seconds));
  const ratio = median(pairs.map((pair) => pair.ours.seconds / pair.theirs.seconds));
  const peak = Math.max(...pairs.map((pair) => pair.ours.peakBytes)) / 1e6;
  const theirPeak = Math.max(...pairs.map((pair) => pair.theirs.peakBytes)) / 1e6;
  return (
    `${step.padEnd(9)}  time ours/restic ${ratio.toFixed(2)}  (${ours.toFixed(2)} s, ${theirs.toFixed(2)} s)` +
    `  peak memory ${peak.toFixed(0)} MB, ${theirPeak.toFixed(0)} MB`
  );
}

function makeFiles(source) {
  mkdirSync(join(source, 'small'), { recursive: true });
  const noise = createCipheriv('aes-256-ctr', Buffer.alloc(32, 3), Buffer.alloc(16));
  writeParts(join(source, 'noise.bin'), 256, () => noise.update(Buffer.alloc(mib)));
  let line = 0;
  writeParts(join(source, 'sensor.log'), 256, () => {
    let text = '';
    while (text.length < mib)
      text += `2026-01-02T03:${line % 60}:05Z room.temperature ${(20 + Math.sin(line++) * 3).toFixed(3)} Cel\n`;
    return Buffer.from(text.slice(0, mib));
  });
  for (let i = 0; i < 5000; i++)
    writeFileSync(join(source, 'small', `${i}.txt`), `file ${i}\n`.repeat(i % 200));
}

function writeParts(filePath, count, make) {
  const file = openSync(filePath, 'w');
  for (let i = 0; i < count; i++) writeSync(file, make());
  closeSync(file);
}
