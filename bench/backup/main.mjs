/**
 * `npm run bench backup [tree|noise|image|small|quick ...]`: the same steps with Gatehouse and with
 * every peer that is installed, in turn, on the same files. Times and sizes are given as ratios to
 * restic, with the figures beside them. `GATEHOUSE_BENCH_ROUNDS` repeats it all; medians are shown.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, median } from '../measure.mjs';
import { datasets } from './datasets.mjs';
import { installedTools } from './tools.mjs';

const rounds = Number(process.env.GATEHOUSE_BENCH_ROUNDS ?? 1);
const base = 'restic';

export async function backupBench(asked) {
  const tools = installedTools();
  for (const { name, version } of tools) process.stdout.write(`${name}: ${version}\n`);
  for (const name of asked.length > 0 ? asked : ['quick']) {
    const dataset = datasets[name];
    if (dataset === undefined) throw new Error(`There is no data set "${name}".`);
    process.stdout.write(`\n-- ${name}: ${dataset.title}\n`);
    const results = [];
    for (let round = 0; round < rounds; round++) results.push(await oneRound(tools, dataset, round));
    print(tools, results);
  }
}

/** @returns figures by step and tool. */
async function oneRound(tools, dataset, round) {
  const folder = mkdtempSync(join(process.env.GATEHOUSE_BENCH_FOLDER ?? tmpdir(), 'gatehouse-bench-'));
  try {
    const source = join(folder, 'source');
    mkdirSync(source);
    dataset.make(source);
    // Later rounds begin with another tool, so that nobody has the warmer cache for good.
    const order = [...tools.slice(round % tools.length), ...tools.slice(0, round % tools.length)];
    const figures = {};
    const step = async (title, tool, what) => {
      const place = join(folder, tool.name);
      const target = join(folder, 'restored');
      rmSync(target, { recursive: true, force: true });
      mkdirSync(target);
      const before = storedBytes(place);
      spawnSync('sync');
      const env = { ...process.env, ...tool.env(place) };
      const figure = await measure(...tool[what](place, source, target), env);
      figures[title] ??= {};
      figures[title][tool.name] = { ...figure, addedBytes: storedBytes(place) - before };
    };
    warm(source);
    for (const tool of order) {
      mkdirSync(join(folder, tool.name, 'cache'), { recursive: true });
      await measure(...tool.init(join(folder, tool.name)), {
        ...process.env,
        ...tool.env(join(folder, tool.name)),
      });
      await step('first backup', tool, 'backup');
      await step('unchanged', tool, 'backup');
      await step('forced re-read', tool, 'force');
    }
    dataset.change(source);
    for (const tool of order) await step('1 % changed', tool, 'backup');
    for (const tool of order) {
      await step('restore', tool, 'restore');
      await step('check, all data', tool, 'check');
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All tools read from the page cache: the disk is not what is compared. */
function warm(folder) {
  spawnSync('sh', ['-c', 'find "$1" -type f -exec cat {} + > /dev/null', 'sh', folder]);
}

function storedBytes(place) {
  const repository = join(place, 'repository');
  if (!existsSync(repository)) return 0;
  let total = 0;
  for (const entry of readdirSync(repository, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) total += statSync(join(entry.parentPath, entry.name)).size;
  }
  return total;
}

function print(tools, results) {
  for (const step of Object.keys(results[0])) {
    process.stdout.write(`${step}\n`);
    for (const { name } of tools) process.stdout.write(`  ${lineOf(step, name, results)}\n`);
  }
}

function lineOf(step, name, results) {
  const middle = (of) => median(results.map((figures) => of(figures[step][name], figures[step][base])));
  const peak = middle((own) => own.peakBytes) / 1e6;
  const added = middle((own) => own.addedBytes) / 1e6;
  const seconds = middle((own) => own.seconds);
  const cpu = middle((own) => own.cpuSeconds);
  const beside = results[0][step][base] !== undefined && name !== base;
  const ratio = (of) => (beside ? middle((own, peer) => of(own) / of(peer)).toFixed(2) : '    ');
  return [
    name.padEnd(10),
    `wall ${seconds.toFixed(2).padStart(7)} s  ${ratio((own) => own.seconds)}`,
    `CPU ${cpu.toFixed(2).padStart(7)} s  ${ratio((own) => own.cpuSeconds)}`,
    `peak ${peak.toFixed(0).padStart(4)} MB  ${ratio((own) => own.peakBytes)}`,
    `added ${added.toFixed(1).padStart(7)} MB`,
  ].join('   ');
}
