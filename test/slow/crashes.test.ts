/**
 * A thousand clicks while the agent and the backend (broker included: they are one process) are
 * killed at random and started again by `gatehouse up`.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloudMigrations } from '../../cloud/db/migrations.js';
import { openDatabase } from '../../core/db/open.js';
import { outboxMigrations } from '../../device/outbox-store.js';
import { RunningUp } from '../support/gatehouse-cli.js';
import { processesWith } from '../support/processes.js';
import { seededRandom } from '../support/random.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const wanted = 1000;
const buttons = ['a', 'b', 'c', 'd'];
const seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 20_261_120);

const handler = (file: string) => `
import { appendFileSync } from 'node:fs';
export const handler = async (event, context) => {
  const note = (what) => appendFileSync(${JSON.stringify(file)}, JSON.stringify({ what, id: context.awsRequestId, retry: context.gatehouse.retry }) + '\\n');
  note('start');
  await new Promise((done) => setTimeout(done, 2));
  note('end');
};
`;

interface Note {
  readonly what: 'start' | 'end';
  readonly id: string;
  readonly retry: boolean;
}

test(`every one of ${wanted} clicks is acted on once, whatever is killed meanwhile (seed ${seed})`, async () => {
  const data = await temporaryFolder();
  const notes = join(data, 'notes.jsonl');
  await prepare(data, notes);
  const up = await RunningUp.start(data);
  const random = seededRandom(seed);
  const chaos = new AbortController();
  const kills = killAtRandom(data, random, chaos.signal, async () => (await readNotes(notes)).size);
  const pressing = Promise.all(buttons.map((button) => keepPressing(up, button, chaos.signal)));

  await expect
    .poll(async () => (await readNotes(notes)).size, { timeout: 500_000, interval: 1000 })
    .toBeGreaterThanOrEqual(wanted);
  chaos.abort();
  await pressing;
  const killed = await kills;

  await expect.poll(() => openRuns(up), { timeout: 120_000, interval: 1000 }).toBe(0);
  expect(await up.stop()).toBe(0);

  const { sequence, runIds } = await storedBy(data);
  expect(await waitingOf(data)).toBe(0);
  // The agent logs a click once it is safe on disk: none of those may be missing at the other end.
  const safe = await loggedBy(data);
  expect(safe.length).toBeGreaterThan(wanted / 2);
  expect(safe.filter((seq) => !sequence.includes(seq))).toEqual([]);
  // Numbers have no gap in a life of the agent; one that was killed leaves out what it had set aside.
  expect(new Set(sequence).size).toBe(sequence.length);
  const gaps = sequence.filter((seq, at) => seq !== (sequence[at - 1] ?? 0) + 1);
  expect(gaps.length).toBeLessThanOrEqual(killed.agent);
  expect(runIds).toHaveLength(sequence.length);
  const seen = await readNotes(notes);
  expect([...seen.keys()].sort()).toEqual(runIds);
  for (const [id, entries] of seen) {
    const starts = entries.filter((entry) => entry.what === 'start');
    expect(
      entries.some((entry) => entry.what === 'end'),
      `${id} ended`,
    ).toBe(true);
    expect(
      starts.slice(1).every((entry) => entry.retry),
      `${id} ran again only as a retry`,
    ).toBe(true);
  }
  const repeated = [...seen.values()].filter(
    (entries) => entries.filter((e) => e.what === 'start').length > 1,
  ).length;
  console.log(
    `${seen.size} clicks, ${killed.agent} agent and ${killed.cloud} backend kills, ${repeated} marked retries`,
  );
  expect(killed.agent).toBeGreaterThan(3);
  expect(killed.cloud).toBeGreaterThan(3);
});

async function prepare(data: string, notes: string): Promise<void> {
  await mkdir(join(data, 'config'), { recursive: true });
  await mkdir(join(data, 'lambdas'), { recursive: true });
  await writeFile(join(data, 'lambdas', 'hello.mjs'), handler(notes));
  const agent = {
    dataDir: join(data, 'agent'),
    identity: { claimTokenFile: join(data, 'config', 'claim-token') },
    gpio: { route: 'simulated' },
    buttons: buttons.map((name, i) => ({
      name,
      pin: `GPIO${i + 4}`,
      activeLow: true,
      double: false,
      long: false,
    })),
    sensors: [],
  };
  await writeFile(join(data, 'config', 'agent.json'), JSON.stringify(agent));
}

async function keepPressing(up: RunningUp, button: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const body = JSON.stringify({ pattern: 'SINGLE', button });
    // Refused or unreachable while something is down: that press never was one.
    await up.api('/things/button-1/press', { method: 'POST', body }).catch(() => {});
    await new Promise((done) => setTimeout(done, 110));
  }
}

/** Two kills may fall together; before a third, thirty clicks come through, or a minute passes. */
async function killAtRandom(
  data: string,
  random: () => number,
  signal: AbortSignal,
  countClicks: () => Promise<number>,
) {
  const killed = { agent: 0, cloud: 0 };
  for (let round = 0, before = 0; !signal.aborted; round++) {
    await new Promise((done) => setTimeout(done, 1500 + random() * 3500));
    if (round % 2 === 0) {
      for (let i = 0; i < 300 && !signal.aborted && (await countClicks()) < before + 30; i++)
        await new Promise((done) => setTimeout(done, 200));
      before = await countClicks();
    }
    const name = random() < 0.5 ? 'agent' : 'cloud';
    const [pid] = processesWith(join(data, 'config', `${name}.json`));
    if (pid === undefined || signal.aborted) continue;
    process.kill(pid, 'SIGKILL');
    killed[name]++;
  }
  return killed;
}

async function openRuns(up: RunningUp): Promise<number> {
  const runs = await up.api<{ state: string }[]>('/runs?limit=500').catch(() => [{ state: 'PENDING' }]);
  return runs.filter(({ state }) => state === 'PENDING' || state === 'RUNNING').length;
}

async function waitingOf(data: string): Promise<number> {
  const database = await openDatabase({ filePath: join(data, 'agent', 'outbox.db') }, outboxMigrations);
  const waiting = await database.get<{ n: number }>('SELECT count(*) AS n FROM message');
  await database.close();
  return waiting?.n ?? -1;
}

async function loggedBy(data: string): Promise<number[]> {
  const files = (await readdir(data)).filter((name) => name.startsWith('gatehouse.log'));
  const texts = await Promise.all(files.map((name) => readFile(join(data, name), 'utf8')));
  return [...texts.join('').matchAll(/"message":"click",[^\n]*"seq":(\d+)}$/gm)].map(([, seq]) =>
    Number(seq),
  );
}

async function storedBy(data: string): Promise<{ sequence: number[]; runIds: string[] }> {
  const database = await openDatabase({ filePath: join(data, 'cloud', 'cloud.db') }, cloudMigrations);
  const clicks = await database.all<{ seq: number }>('SELECT seq FROM clicks ORDER BY seq');
  const runs = await database.all<{ id: string }>(
    "SELECT id FROM runs WHERE state = 'SUCCEEDED' ORDER BY id",
  );
  await database.close();
  return { sequence: clicks.map(({ seq }) => seq), runIds: runs.map(({ id }) => id) };
}

async function readNotes(filePath: string): Promise<Map<string, Note[]>> {
  const text = await readFile(filePath, 'utf8').catch(() => '');
  const byId = new Map<string, Note[]>();
  for (const line of text.split('\n').slice(0, -1)) {
    const note = JSON.parse(line) as Note;
    byId.set(note.id, [...(byId.get(note.id) ?? []), note]);
  }
  return byId;
}
