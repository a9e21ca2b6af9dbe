/**
 * Bytes that a day at one reading a second writes to the disk (`npm run bench flash [hours]`): the
 * agent's outbox on a clock that runs ahead, three hours of it unless told. Counted by the kernel
 * (`write_bytes` in /proc/self/io: pages that this process made dirty), the last checkpoint included,
 * then put in proportion to 24 hours.
 */
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '../dist/core/log.js';
import { Outbox } from '../dist/device/outbox.js';

const tmpfsMagic = 0x01021994;
const day = 86_400;

const ways = [
  { title: 'connected, acknowledged within a second', telemetryDelayMs: 10_000, isConnected: true },
  { title: 'without a connection', telemetryDelayMs: 10_000, isConnected: false },
  { title: 'without a connection, written once a minute', telemetryDelayMs: 60_000, isConnected: false },
  { title: 'connected, every reading written at once', telemetryDelayMs: 0, isConnected: true },
  { title: 'without a connection, every reading written at once', telemetryDelayMs: 0, isConnected: false },
];

export async function flashBench([hours = '3']) {
  const seconds = Math.round(Number(hours) * 3600);
  const parent = process.env.GATEHOUSE_BENCH_DIR ?? tmpdir();
  if (statfsSync(parent).type === tmpfsMagic) {
    process.stdout.write(`${parent} is in memory: nothing is written there. Set GATEHOUSE_BENCH_DIR.\n`);
    return;
  }
  for (const way of ways) {
    const folder = mkdtempSync(join(parent, 'gatehouse-bench-flash-'));
    try {
      const { bytes, payload } = await run(join(folder, 'outbox.db'), seconds, way);
      const perDay = (value) => `${((value / seconds) * (day / 1e6)).toFixed(1)} MB`;
      process.stdout.write(
        `${way.title}: ${perDay(bytes)} a day (${perDay(payload)} of messages); ` +
          `${(bytes / 1e6).toFixed(1)} MB in ${seconds} s\n`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

async function run(filePath, seconds, { telemetryDelayMs, isConnected }) {
  const clock = new RunningAhead();
  const limits = { maxRows: 100_000, maxBytes: 64 * 1024 ** 2, maxAgeMs: 30 * day * 1000 };
  const outbox = await Outbox.open({ filePath, clock, log: silentLogger, telemetryDelayMs, ...limits });
  const before = writtenBytes();
  let payload = 0;
  for (let second = 0; second < seconds; second++) {
    const reading = { series: 'room.temperature', unit: 'Cel', value: 20 + Math.sin(second / 600) };
    const deviceTime = new Date(clock.now()).toISOString();
    const message = await outbox.append('telemetry', { readings: [{ ...reading, deviceTime }] });
    payload += message.body.length;
    if (isConnected) outbox.remove([message]);
    clock.advance(1000);
    // What the second set off comes to disk before the next: commits take time of their own.
    if (telemetryDelayMs === 0 || second % 10 === 9) await outbox.peek('telemetry', 1, new Set());
    await turn();
  }
  await outbox.close();
  return { bytes: writtenBytes() - before, payload };
}

function writtenBytes() {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
}

/** Moves only when told; timers that fall due run in order. */
class RunningAhead {
  #nowMs = Date.UTC(2026, 0, 1);
  #timers = [];

  now() {
    return this.#nowMs;
  }

  monotonicMs() {
    return this.#nowMs;
  }

  after(delayMs, task) {
    const timer = { dueMs: this.#nowMs + delayMs, task };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  advance(ms) {
    this.#nowMs += ms;
    const due = this.#timers.filter((timer) => timer.dueMs <= this.#nowMs).sort((a, b) => a.dueMs - b.dueMs);
    this.#timers = this.#timers.filter((timer) => timer.dueMs > this.#nowMs);
    for (const { task } of due) task();
  }
}
