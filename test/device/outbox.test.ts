import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { openDatabase } from '../../core/db/open.js';
import { createLogger, silentLogger } from '../../core/log.js';
import { clickMessage } from '../../core/wire/messages.js';
import { Outbox, type OutboxOptions } from '../../device/outbox.js';
import { outboxMigrations } from '../../device/outbox-store.js';
import { FakeClock } from '../support/fake-clock.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const none: ReadonlySet<number> = new Set();

async function open(filePath: string, options: Partial<OutboxOptions> = {}): Promise<Outbox> {
  const outbox = await Outbox.open({
    filePath,
    clock: systemClock,
    log: silentLogger,
    maxRows: 1000,
    maxBytes: 1_000_000,
    ...options,
  });
  onTestFinished(() => outbox.close());
  return outbox;
}

const filePathIn = async () => join(await temporaryFolder(), 'outbox.db');

/** What is on disk, read by another connection. */
async function storedSeqs(filePath: string): Promise<unknown[]> {
  const database = await openDatabase({ filePath }, outboxMigrations);
  try {
    return (await database.all('SELECT seq FROM message ORDER BY seq')).map((row) => row['seq']);
  } finally {
    await database.close();
  }
}

describe('the outbox', () => {
  it('numbers messages from 1 and gives each an id that the wire format takes', async () => {
    const outbox = await open(await filePathIn());
    const deviceTime = new Date(0).toISOString();
    const first = await outbox.append('click', { deviceTime, button: 'door', clickType: 'SINGLE' });
    const second = await outbox.append('click', { deviceTime, button: 'door', clickType: 'LONG' });
    expect([first?.seq, second?.seq]).toEqual([1, 2]);
    const parsed = clickMessage.parse(JSON.parse(first?.body ?? ''));
    expect(parsed).toMatchObject({ v: 1, seq: 1, id: first?.id, button: 'door' });
    expect(parsed.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('keeps messages and goes on counting after it is reopened, also when it had become empty', async () => {
    const filePath = await filePathIn();
    const outbox = await open(filePath);
    const message = await outbox.append('telemetry', { n: 1 });
    await outbox.append('click', { n: 2 });
    await outbox.close();
    const again = await open(filePath);
    const rows = [...(await again.peek('click', 9, none)), ...(await again.peek('telemetry', 9, none))];
    expect(rows.map((row) => row.seq)).toEqual([2, 1]);
    expect(rows[1]).toEqual(message);
    again.remove(rows);
    await again.close();
    const third = await open(filePath);
    expect(third.totals).toMatchObject({ rows: 0, clicks: 0, sizeBytes: 0, lastSeq: 2 });
    expect((await third.append('click', {}))?.seq).toBe(3);
  });

  it('hands out the oldest first, without removed messages and those in flight', async () => {
    const outbox = await open(await filePathIn(), { clock: new FakeClock() });
    const messages = await Promise.all([1, 2, 3, 4, 5].map((n) => outbox.append('telemetry', { n })));
    outbox.remove([messages[1]!]);
    const window = await outbox.peek('telemetry', 2, new Set([1, 4]));
    expect(window.map((message) => message.seq)).toEqual([3, 5]);
  });

  it('commits messages of one turn together, and calls listeners after the commit in order', async () => {
    const filePath = await filePathIn();
    const outbox = await open(filePath);
    const seen: number[] = [];
    outbox.onAppended((message) => seen.push(message.seq));
    const before = await walFrames(filePath);
    await Promise.all(Array.from({ length: 50 }, (_, n) => outbox.append('click', { n })));
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    expect((await walFrames(filePath)) - before).toBe(1);
  });

  it('takes removals along with the next message, so that a press costs one commit', async () => {
    const filePath = await filePathIn();
    const outbox = await open(filePath, { clock: new FakeClock() });
    const first = await outbox.append('click', { n: 1 });
    outbox.remove([first!]);
    const before = await walFrames(filePath);
    await outbox.append('click', { n: 2 });
    expect((await walFrames(filePath)) - before).toBe(1);
    expect(await storedSeqs(filePath)).toEqual([2]);
  });

  it('writes removals by themselves when no message comes for a second', async () => {
    const filePath = await filePathIn();
    const clock = new FakeClock();
    const outbox = await open(filePath, { clock });
    const first = await outbox.append('click', { n: 1 });
    outbox.remove([first!]);
    clock.advance(999);
    expect(outbox.totals.rows).toBe(1);
    clock.advance(1);
    await expect.poll(() => outbox.totals.rows).toBe(0);
    expect(await storedSeqs(filePath)).toEqual([]);
    expect(clock.pendingCount).toBe(0);
  });

  it('drops the oldest telemetry when there are too many messages, counts it, and keeps every click', async () => {
    const filePath = await filePathIn();
    const lines: string[] = [];
    const log = createLogger({ level: 'warn', format: 'text', write: (line) => lines.push(line) });
    const outbox = await open(filePath, { maxRows: 5, log });
    for (let n = 1; n <= 8; n++) await outbox.append(n % 2 === 0 ? 'click' : 'telemetry', { n });
    expect((await outbox.peek('click', 9, none)).map((m) => m.seq)).toEqual([2, 4, 6, 8]);
    expect((await outbox.peek('telemetry', 9, none)).map((m) => m.seq)).toEqual([7]);
    expect(outbox.totals).toMatchObject({ rows: 5, clicks: 4, dropped: 3 });
    expect(lines.some((line) => line.includes('telemetry dropped'))).toBe(true);
    await outbox.close();
    expect((await open(filePath)).totals.dropped).toBe(3);
  });

  it('takes clicks beyond its bounds, and telemetry then finds no room', async () => {
    const outbox = await open(await filePathIn(), { maxRows: 2 });
    for (let n = 0; n < 4; n++) expect(await outbox.append('click', { n })).toBeDefined();
    expect(await outbox.append('telemetry', {})).toBeUndefined();
    expect(outbox.totals).toMatchObject({ rows: 4, clicks: 4, dropped: 1, lastSeq: 5 });
  });

  it('keeps within its size, and its totals agree with the file', async () => {
    const filePath = await filePathIn();
    const outbox = await open(filePath, { maxBytes: 5000 });
    for (let n = 0; n < 40; n++) await outbox.append('telemetry', { text: 'ü'.repeat(10 * (n % 30)) });
    expect(outbox.totals.sizeBytes).toBeLessThanOrEqual(5000);
    expect(outbox.totals.sizeBytes).toBeGreaterThan(4000);
    const totals = outbox.totals;
    await outbox.close();
    expect((await open(filePath)).totals).toEqual(totals);
  });

  it('does not count a message twice that was dropped and then acknowledged', async () => {
    const outbox = await open(await filePathIn(), { maxRows: 1 });
    const first = await outbox.append('telemetry', { n: 1 });
    await outbox.append('telemetry', { n: 2 });
    outbox.remove([first!]);
    await outbox.append('click', { n: 3 });
    expect(outbox.totals).toMatchObject({ rows: 1, clicks: 1, dropped: 2 });
  });

  it('commits what was appended before close, and refuses what comes after', async () => {
    const filePath = await filePathIn();
    const outbox = await open(filePath);
    const message = outbox.append('click', { n: 1 });
    await outbox.close();
    expect((await message)?.seq).toBe(1);
    await expect(outbox.append('click', {})).rejects.toMatchObject({ code: 'OUTBOX_CLOSED' });
    expect(await storedSeqs(filePath)).toEqual([1]);
  });

  it('spares the disk telemetry that is acknowledged in time, and writes the rest in one commit', async () => {
    const filePath = await filePathIn();
    const clock = new FakeClock();
    const outbox = await open(filePath, { clock, telemetryDelayMs: 10_000 });
    const told: number[] = [];
    outbox.onAppended((message) => told.push(message.seq));
    const messages = await Promise.all([1, 2, 3, 4].map((n) => outbox.append('telemetry', { n })));
    outbox.remove([messages[0]!, messages[2]!]);
    expect(told).toEqual([1, 2, 3, 4]);
    expect((await outbox.peek('telemetry', 9, none)).map((message) => message.seq)).toEqual([2, 4]);
    expect(await storedSeqs(filePath)).toEqual([]);
    const before = await walFrames(filePath);
    clock.advance(10_000);
    await expect.poll(() => storedSeqs(filePath)).toEqual([2, 4]);
    expect((await walFrames(filePath)) - before).toBe(1);
    expect(outbox.totals).toMatchObject({ rows: 2, lastSeq: 4, dropped: 0 });
    await outbox.close();
    expect((await open(filePath)).totals).toMatchObject({ rows: 2, lastSeq: 4 });
  });

  it('holds what a full disk does not take, lets it be sent, and writes it when there is room', async () => {
    const filePath = await filePathIn();
    const clock = new FakeClock();
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format: 'text', write: (line) => lines.push(line) });
    const outbox = await open(filePath, { clock, log });
    const other = await openDatabase({ filePath }, outboxMigrations);
    onTestFinished(() => other.close());
    await other.exec(`CREATE TRIGGER full BEFORE INSERT ON message
                      BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END`);
    const told: number[] = [];
    outbox.onAppended((message) => told.push(message.seq));
    const safe: number[] = [];
    for (const n of [1, 2, 3]) void outbox.append('click', { n }).then((message) => safe.push(message!.seq));
    await expect.poll(() => told).toEqual([1, 2, 3]);
    expect(outbox.totals).toMatchObject({ rows: 3, clicks: 3, heldClicks: 3 });
    expect((await outbox.peek('click', 9, none)).map((message) => message.seq)).toEqual([1, 2, 3]);
    expect(lines.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
    outbox.remove([{ kind: 'click', seq: 2 }]);
    await expect.poll(() => safe).toEqual([2]);
    await other.exec('DROP TRIGGER full');
    clock.advance(2_000);
    await expect.poll(() => safe).toEqual([2, 1, 3]);
    expect(await storedSeqs(filePath)).toEqual([1, 3]);
    expect(outbox.totals).toMatchObject({ rows: 2, clicks: 2, heldClicks: 0 });
  });

  it('drops telemetry over its age and keeps presses, and what has no true time, whatever their age', async () => {
    const clock = new FakeClock();
    const outbox = await open(await filePathIn(), { clock, maxAgeMs: 86_400_000 });
    await outbox.append('telemetry', { n: 1 });
    await outbox.append('click', { n: 2 });
    await outbox.append('telemetry', { n: 3 }, { boot: 'first', baseMs: 0 });
    clock.advance(86_400_000 + 1);
    await outbox.append('telemetry', { n: 4 });
    expect((await outbox.peek('telemetry', 9, none)).map((message) => message.seq)).toEqual([3, 4]);
    expect(outbox.totals).toMatchObject({ rows: 3, clicks: 1, dropped: 1 });
  });

  it('puts times right once the clock of their boot is known, also after it is reopened', async () => {
    const filePath = await filePathIn();
    const outbox = await open(filePath);
    const wrong = new Date(1_000_000).toISOString();
    const content = { clockSynced: false, deviceTime: wrong, button: 'door', clickType: 'SINGLE' };
    await outbox.append('click', content, { boot: 'first', baseMs: 900_000 });
    await outbox.append('click', content, { boot: 'second', baseMs: 900_000 });
    await outbox.append(
      'telemetry',
      { clockSynced: false, readings: [{ deviceTime: wrong }] },
      { boot: 'second', baseMs: 900_000 },
    );
    const times = async (box: Outbox) => {
      const rows = [...(await box.peek('click', 9, none)), ...(await box.peek('telemetry', 9, none))];
      return rows.map((row) => {
        const body = JSON.parse(row.body);
        return [body.clockSynced, Date.parse(body.deviceTime ?? body.readings[0].deviceTime)];
      });
    };
    expect(await times(outbox)).toEqual([
      [false, 1_000_000],
      [false, 1_000_000],
      [false, 1_000_000],
    ]);
    await outbox.clockSynced({ boot: 'second', baseMs: 5_000_900_000 });
    const right = [
      [false, 1_000_000],
      [true, 5_001_000_000],
      [true, 5_001_000_000],
    ];
    expect(await times(outbox)).toEqual(right);
    await outbox.close();
    expect(await times(await open(filePath))).toEqual(right);
  });

  it('loses no confirmed message and reuses no number over ten kills with SIGKILL', async () => {
    const filePath = await filePathIn();
    const confirmed = new Map<number, string>();
    const removed = new Set<number>();
    for (let round = 0; round < 10; round++) {
      await killAfter(20 + round * 7, filePath, (line) => {
        const {
          seq = 0,
          id = '',
          removed: gone,
        } = JSON.parse(line) as {
          seq?: number;
          id?: string;
          removed?: number;
        };
        if (gone !== undefined) return removed.add(gone);
        expect(confirmed.has(seq), `number ${seq} was given twice`).toBe(false);
        return confirmed.set(seq, id);
      });
    }
    const outbox = await open(filePath);
    const rows = [
      ...(await outbox.peek('click', 9999, none)),
      ...(await outbox.peek('telemetry', 9999, none)),
    ];
    const kept = new Map(rows.map((row) => [row.seq, row.id]));
    const lost = [...confirmed].filter(([seq, id]) => !removed.has(seq) && kept.get(seq) !== id);
    expect(confirmed.size).toBeGreaterThan(300);
    expect(lost).toEqual([]);
    expect(outbox.totals.lastSeq).toBeGreaterThanOrEqual(Math.max(...confirmed.keys()));
  });
});

/** Commits so far, by the frames in the write-ahead log that end one (sqlite.org/fileformat2.html 4.1). */
async function walFrames(filePath: string): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const log = await readFile(`${filePath}-wal`);
  const pageSize = log.readUInt32BE(8);
  const salt = log.readUInt32BE(16);
  let commits = 0;
  for (let at = 32; at + 24 <= log.length; at += 24 + pageSize) {
    if (log.readUInt32BE(at + 8) === salt && log.readUInt32BE(at + 4) !== 0) commits++;
  }
  return commits;
}

/** Starts the writer and kills it as soon as it has said `count` lines. */
async function killAfter(count: number, filePath: string, onLine: (line: string) => void): Promise<void> {
  const script = fileURLToPath(new URL('./outbox-writer.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, filePath], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_, signal) => resolve(signal)),
  );
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.endsWith('}')) continue;
    onLine(line);
    if (++lines === count) child.kill('SIGKILL');
  }
  expect(await exited).toBe('SIGKILL');
}
