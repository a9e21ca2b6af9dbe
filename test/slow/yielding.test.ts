/**
 * A yielding upload on a real bottleneck: a line of 2 MB/s with a round trip of 30 ms and a queue of
 * 300 ms, alone and beside a greedy TCP flow. Bytes and queue are counted by the line.
 */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { availableParallelism, loadavg, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sleep, systemClock } from '../../core/clock.js';
import { hasCode } from '../../core/errors.js';
import { openBucket } from '../../gateway/bucket/open.js';
import { Throttle } from '../../gateway/throttle/throttle.js';
import { type LinkReport, reasonAgainst, SlowLink } from '../support/slow-link.js';

const sinkProgram = fileURLToPath(new URL('../support/s3-sink.mjs', import.meta.url));
const line = { rate: 2_000_000, roundTripMs: 30, queueBytes: 600_000 };
const connections = 4;
const reason = await reasonAgainst();

let link: SlowLink;
let port = 0;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'testsecret');
  if (reason !== undefined) return;
  setPriority(process.pid, -10);
  link = await SlowLink.open(line);
  ({ port } = (await link.start(sinkProgram, ['0'], { SINK_HOST: link.address })) as { port: number });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await link?.close();
});

/** Uploads until aborted. */
async function upload(yields: boolean, signal: AbortSignal): Promise<void> {
  const throttle = Throttle.open({ yields, clock: systemClock });
  const endpoint = `http://${link.address}:${port}`;
  const bucket = await openBucket('s3://bucket/prefix', {
    clock: systemClock,
    endpoint,
    region: 'us-east-1',
    wire: throttle.wire,
  });
  const content = Buffer.alloc(16_000_000, 7);
  const work = async (name: number) => {
    try {
      for (;;) await bucket.put(`${name}`, content, { signal });
    } catch (error) {
      if (!hasCode(error, 'INTERRUPTED')) throw error;
    }
  };
  try {
    const workers = Array.from({ length: connections }, (_, name) => work(name));
    await Promise.all(workers);
  } finally {
    await bucket.close();
    await throttle.close();
  }
}

/** Sends as fast as TCP lets it. @returns its local port, once connected. */
async function beGreedy(signal: AbortSignal): Promise<number> {
  const request = http.request({ host: link.address, port, method: 'PUT', path: '/greedy', signal });
  request.on('error', () => {});
  const [socket] = (await once(request, 'socket')) as [Socket];
  if (socket.connecting) await once(socket, 'connect');
  const piece = Buffer.alloc(64 * 1024, 7);
  const send = () => {
    while (!signal.aborted) if (!request.write(piece)) return;
  };
  request.on('drain', send);
  send();
  return (socket.address() as AddressInfo).port;
}

interface Use {
  /** Parts of the line's rate. */
  readonly all: number;
  readonly greedy: number;
  readonly medianQueueMs: number;
}

async function measure(ms: number, greedyPort?: number): Promise<Use> {
  link.take();
  await sleep(systemClock, ms);
  const reports = link.take();
  const [first, last] = [reports[0]!, reports.at(-1)!];
  const part = (count: (report: LinkReport) => number) =>
    (count(last) - count(first)) / (line.rate * ((last.ms - first.ms) / 1000));
  const queues = reports.map(({ queueMs }) => queueMs).sort((one, other) => one - other);
  return {
    all: part(({ passed }) => Object.values(passed).reduce((sum, bytes) => sum + bytes, 0)),
    greedy: greedyPort === undefined ? 0 : part(({ passed }) => passed[greedyPort] ?? 0),
    medianQueueMs: queues[Math.floor(queues.length / 2)]!,
  };
}

async function during(yields: boolean, look: () => Promise<Use>): Promise<Use> {
  const stop = new AbortController();
  const uploading = upload(yields, stop.signal);
  try {
    return await Promise.race([look(), uploading.then(() => Promise.reject(new Error('it ended')))]);
  } finally {
    stop.abort();
    await uploading.catch(() => {});
    // What is still in the queue would count as the next one's.
    do await sleep(systemClock, 500);
    while (link.take().some(({ queueMs }) => queueMs > 1));
  }
}

test.skipIf(reason !== undefined)(
  `a yielding upload uses a free line without filling its queue and leaves a busy one${reason ? ` (skipped: ${reason})` : ''}`,
  { timeout: 60_000 },
  async () => {
    const alone = (settleMs: number, ms: number) => async () => {
      await sleep(systemClock, settleMs);
      return await measure(ms);
    };
    const pushing = await during(false, alone(3_000, 4_000));
    const yielding = await during(true, alone(6_000, 8_000));
    const beside = await during(true, async () => {
      await sleep(systemClock, 3_000);
      const stop = new AbortController();
      const greedyPort = await beGreedy(stop.signal);
      await sleep(systemClock, 4_000);
      const use = await measure(8_000, greedyPort);
      stop.abort();
      return use;
    });
    console.table({ pushing, yielding, beside });
    expect(pushing.medianQueueMs).toBeGreaterThan(120);
    expect(yielding.medianQueueMs).toBeLessThanOrEqual(100);
    // With more to do than processors, the line itself comes late, which looks like a queue.
    const isBusy = (loadavg()[0] ?? 0) > availableParallelism();
    expect(yielding.all).toBeGreaterThanOrEqual(isBusy ? 0.5 : 0.8);
    expect(beside.greedy).toBeGreaterThanOrEqual(0.65);
    expect(beside.all - beside.greedy).toBeLessThanOrEqual(0.3);
  },
);
