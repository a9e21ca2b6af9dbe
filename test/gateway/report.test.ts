import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { silentLogger } from '../../core/log.js';
import type { BackupReport } from '../../core/wire/backups.js';
import { Reporter } from '../../gateway/report.js';
import { eventually } from '../support/eventually.js';
import { FakeClock } from '../support/fake-clock.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function reportOf(state: BackupReport['state'], runId = randomUUID()): BackupReport {
  return {
    job: 'nas',
    runId,
    state,
    startedAt: '2026-01-02T03:04:05.678Z',
    endedAt: state === 'RUNNING' ? null : '2026-01-02T03:05:05.678Z',
    repository: '/srv/backup',
    paths: ['/srv'],
    snapshotId: null,
    filesNew: 1,
    filesChanged: 0,
    filesUnmodified: 0,
    bytesProcessed: 10,
    bytesAdded: 10,
    error: null,
    nextRunAt: null,
  };
}

/** A backend that answers with the given statuses, then 200, and keeps what it took. */
class Backend {
  readonly taken: BackupReport[] = [];
  readonly tokens = new Set<string | undefined>();
  readonly statuses: number[] = [];
  requests = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (data) => {
        body += data;
      });
      request.on('end', () => {
        this.requests += 1;
        this.tokens.add(request.headers.authorization);
        const isRight = request.method === 'POST' && request.url === '/api/v1/backups/reports';
        const status = isRight ? (this.statuses.shift() ?? 200) : 404;
        if (status === 200) this.taken.push(JSON.parse(body));
        response.writeHead(status).end('{}');
      });
    });
  }

  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => this.close());
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function setUp(port: number, options: { root?: string; clock?: FakeClock } = {}) {
  const root = options.root ?? (await temporaryFolder());
  const tokenFile = join(root, 'token');
  await writeFile(tokenFile, 'sesame\n');
  const folder = join(root, 'reports');
  const reporter = await Reporter.open({
    url: `http://127.0.0.1:${port}`,
    tokenFile,
    folder,
    clock: options.clock ?? systemClock,
    log: silentLogger,
  });
  onTestFinished(() => reporter.close());
  return { reporter, root, folder };
}

const delivered = (reporter: Reporter) => eventually(() => expect(reporter.pendingCount).toBe(0));

describe('a reporter', () => {
  test('posts reports in order with the bearer token and keeps none', async () => {
    const backend = new Backend();
    const { reporter, folder } = await setUp(await backend.listen());
    const runId = randomUUID();
    await reporter.report(reportOf('RUNNING', runId));
    await reporter.report(reportOf('SUCCEEDED', runId));
    await delivered(reporter);
    expect(backend.taken.map(({ state }) => state)).toEqual(['RUNNING', 'SUCCEEDED']);
    expect([...backend.tokens]).toEqual(['Bearer sesame']);
    expect(await readdir(folder)).toEqual([]);
  });

  test('keeps reports over a restart while the backend is away', async () => {
    const backend = new Backend();
    const port = await backend.listen();
    await backend.close();
    const first = await setUp(port);
    const reports = [reportOf('SUCCEEDED'), reportOf('FAILED')];
    for (const report of reports) await first.reporter.report(report);
    await first.reporter.close();
    expect(await readdir(first.folder)).toHaveLength(2);
    const revived = new Backend();
    await revived.listen(port);
    const second = await setUp(port, first);
    await second.reporter.report(reportOf('PARTIAL'));
    await delivered(second.reporter);
    expect(revived.taken.map(({ state }) => state)).toEqual(['SUCCEEDED', 'FAILED', 'PARTIAL']);
  });

  test('tries again, ever more seldom, what the backend could not take', async () => {
    const backend = new Backend();
    backend.statuses.push(503, 401, 500);
    const clock = new FakeClock();
    const { reporter } = await setUp(await backend.listen(), { clock });
    await reporter.report(reportOf('SUCCEEDED'));
    for (const [attempt, waitMs] of [2_000, 4_000, 8_000].entries()) {
      await eventually(() => expect(backend.requests).toBe(attempt + 1));
      await eventually(() => expect(clock.pendingCount).toBe(1));
      clock.advance(waitMs - 1);
      expect(backend.requests).toBe(attempt + 1);
      clock.advance(1);
    }
    await delivered(reporter);
    expect(backend.taken).toHaveLength(1);
  });

  test('drops a report that the backend will never take, and sends the next', async () => {
    const backend = new Backend();
    backend.statuses.push(422);
    const { reporter } = await setUp(await backend.listen());
    await reporter.report(reportOf('FAILED'));
    await reporter.report(reportOf('SUCCEEDED'));
    await delivered(reporter);
    expect(backend.taken.map(({ state }) => state)).toEqual(['SUCCEEDED']);
  });

  test('reports a run as failed that was cut off by a crash', async () => {
    const backend = new Backend();
    const port = await backend.listen();
    const first = await setUp(port);
    const runId = randomUUID();
    await first.reporter.report(reportOf('RUNNING', runId));
    await delivered(first.reporter);
    const second = await setUp(port, first);
    await delivered(second.reporter);
    expect(backend.taken.at(-1)).toMatchObject({
      runId,
      state: 'FAILED',
      error: expect.stringContaining('stopped'),
    });
    expect(await readdir(first.folder)).toEqual([]);
  });

  test('clears what a crash in the middle of a write left', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'running-x.json.0123456789ab.tmp'), '{"job":');
    await writeFile(join(folder, 'running-y.json'), '{"job":');
    const reporter = await Reporter.open({
      url: 'http://127.0.0.1:9',
      tokenFile: join(folder, 'token'),
      folder,
      clock: new FakeClock(),
      log: silentLogger,
    });
    expect(reporter.pendingCount).toBe(0);
    await reporter.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('passes over a report file that is broken', async () => {
    const backend = new Backend();
    const port = await backend.listen();
    const first = await setUp(port);
    await first.reporter.close();
    await writeFile(join(first.folder, 'queued-000000000001.json'), '{"job":');
    const second = await setUp(port, first);
    await second.reporter.report(reportOf('SUCCEEDED'));
    await delivered(second.reporter);
    expect(backend.taken).toHaveLength(1);
    expect(await readdir(first.folder)).toEqual([]);
  });
});
