/**
 * `npm run bench ingest -- [peers] [readings] [batches] [clicks] [--seconds 30] [--rate n]`: QoS 1
 * messages per second over mutual TLS, with the devices on the same two cores; all four parts unless some are
 * named, as fast as it goes unless a rate is given. Gatehouse stores them (fsync) before it acknowledges and, for clicks, runs an action; its peers
 * Mosquitto and Aedes alone only acknowledge. Afterwards the database is asked whether anything was lost.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openDatabase } from '../../dist/core/db/open.js';
import { openAedes, openGatehouse, openMosquitto } from './targets.mjs';

/** As many as one address may claim in a minute. */
const connections = 10;
const window = 64;

const parts = {
  peers: (folder, seconds) => peersRun(folder, Math.min(seconds, 15)),
  readings: (folder, seconds, rate) => telemetryRun(folder, 1, seconds, rate),
  batches: (folder, seconds, rate) => telemetryRun(folder, 50, Math.min(seconds, 30), rate),
  clicks: (folder, seconds, rate) => clickRun(folder, seconds, rate),
};

export async function ingestBench(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { seconds: { type: 'string', default: '30' }, rate: { type: 'string' } },
  });
  const seconds = Number(values.seconds);
  const rate = values.rate === undefined ? undefined : Number(values.rate);
  if (rate !== undefined && !(rate > 0))
    throw new Error(`--rate takes a number above 0, not "${values.rate}"`);
  if (!(seconds > 0)) throw new Error(`--seconds takes a number above 0, not "${values.seconds}"`);
  const unknown = positionals.find((name) => !(name in parts));
  if (unknown !== undefined) throw new Error(`no part "${unknown}": ${Object.keys(parts).join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  try {
    for (const [name, run] of Object.entries(parts)) {
      if (positionals.length === 0 || positionals.includes(name)) await run(folder, seconds, rate);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function peersRun(folder, seconds) {
  for (const [name, open] of Object.entries({ Mosquitto: openMosquitto, Aedes: openAedes })) {
    const target = await open(join(folder, name), connections);
    if (target === undefined) {
      process.stdout.write(`skipped: no ${name} here to compare with\n`);
      continue;
    }
    report(`${name} alone`, await drive(target, { kind: 'telemetry', readings: 1, seconds }), 1);
    await target.close();
  }
}

async function telemetryRun(folder, readings, seconds, rate) {
  const target = await openGatehouse(join(folder, `telemetry-${readings}`), connections);
  const result = await drive(target, { kind: 'telemetry', readings, seconds, rate });
  report(`Gatehouse, ${readings} reading${readings === 1 ? '' : 's'} a message`, result, readings);
  await target.close();
  const stored = await countOf(target.databaseFile, 'readings');
  judge(`readings stored`, stored, result.acked * readings);
}

/** Every click runs a ready-made action that publishes on our own broker; acted on is what has ended well. */
async function clickRun(folder, seconds, rate) {
  const slots = Array.from({ length: connections }, (_, i) => ({
    placementName: `p${i}`,
    devices: { b: `bench-${i}` },
  }));
  const onClickCallback = 'arn:aws:lambda:local:000000000000:function:tell';
  const more = {
    functions: { tell: { kind: 'mqtt', topic: 'gatehouse/v1/lamp/notice', concurrency: 64 } },
    actions: { maxConcurrent: 256 },
    projects: [
      {
        projectName: 'bench',
        placementTemplate: {
          deviceTemplates: { b: { deviceType: 'button', callbackOverrides: { onClickCallback } } },
        },
        placements: slots,
      },
    ],
  };
  const target = await openGatehouse(join(folder, 'clicks'), connections, more);
  const started = performance.now();
  const result = await drive(target, { kind: 'click', seconds, rate });
  report('Gatehouse, clicks stored', result, 1);
  await untilActedOn(target);
  const took = (performance.now() - started) / 1000;
  await target.close();
  judge('clicks stored', await countOf(target.databaseFile, 'clicks'), result.acked);
  const acted = await countOf(target.databaseFile, "runs WHERE state = 'SUCCEEDED'");
  judge('clicks acted on', acted, result.acked);
  process.stdout.write(`  acted on: ${Math.round(acted / took)} clicks/s over ${took.toFixed(1)} s\n`);
}

async function untilActedOn(target) {
  for (;;) {
    const [tell] = await target.call('/actions');
    if (tell.running + tell.waiting === 0) return;
    await pause(100);
  }
}

async function countOf(filePath, table) {
  const database = await openDatabase(
    { filePath },
    (await import('../../dist/cloud/db/migrations.js')).cloudMigrations,
  );
  const row = await database.get(`SELECT COUNT(*) AS n FROM ${table}`);
  await database.close();
  return row.n;
}

function judge(what, found, wanted) {
  process.stdout.write(`  ${what}: ${found} of ${wanted} acknowledged, ${wanted - found} lost\n`);
  if (found < wanted) process.exitCode = 1;
}

async function drive(target, job) {
  const generator = fork(fileURLToPath(new URL('generator.mjs', import.meta.url)));
  const run = Math.floor(Math.random() * 1e9)
    .toString(36)
    .padStart(8, '0');
  generator.send({ window, run, ...job, port: target.port, identities: target.identities });
  const watching = watch(target.child.pid);
  const answered = once(generator, 'message');
  const exited = once(generator, 'exit').then(([code]) => {
    throw new Error(`the devices ended with ${code}`);
  });
  const [result] = await Promise.race([answered, exited]);
  exited.catch(() => {});
  if (result.lost.length > 0) throw new Error(`connections broke: ${result.lost[0]}`);
  return { ...result, ...watching.stop() };
}

/** Processor time of a process so far, seconds. */
function processorSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident bytes, once a second, and the processor time that the whole took. */
function watch(pid) {
  const before = processorSeconds(pid);
  const samples = [];
  const take = () => {
    const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0;
    samples.push(Number(kb) * 1024);
  };
  const timer = setInterval(take, 1000);
  take();
  return {
    stop() {
      clearInterval(timer);
      take();
      return { memory: samples, brokerSeconds: processorSeconds(pid) - before };
    },
  };
}

function report(title, result, perMessage) {
  const perSecond = Math.round(result.acked / result.seconds);
  const mib = (bytes) => `${Math.round((bytes ?? 0) / 2 ** 20)} MiB`;
  const { memory, brokerSeconds } = result;
  const microseconds = ((brokerSeconds * 1e6) / result.acked).toFixed(1);
  const middle = memory[Math.floor(memory.length / 2)];
  process.stdout.write(
    `${title}: ${perSecond} messages/s, ${perSecond * perMessage} readings/s over ${result.seconds.toFixed(1)} s; ` +
      `resident ${mib(memory[0])} at the start, ${mib(middle)} in the middle, ${mib(memory.at(-1))} at the end, ` +
      `${mib(Math.max(...memory))} at most; ` +
      `${microseconds} µs of processor time a message; devices took ${((100 * result.cpuSeconds) / result.seconds).toFixed(0)} % of a core\n`,
  );
}
