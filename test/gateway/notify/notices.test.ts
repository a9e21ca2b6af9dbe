import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../../core/clock.js';
import { silentLogger } from '../../../core/log.js';
import { RunHistory } from '../../../gateway/jobs/history.js';
import { jobConfig } from '../../../gateway/jobs/job-config.js';
import { noCounts, type RunRecord } from '../../../gateway/jobs/run-record.js';
import { mailChannel } from '../../../gateway/notify/mail.js';
import type { Notice } from '../../../gateway/notify/notice.js';
import { NoticeOutbox } from '../../../gateway/notify/notice-outbox.js';
import { Notifier } from '../../../gateway/notify/notifier.js';
import { webhookChannel } from '../../../gateway/notify/webhook.js';
import { eventually } from '../../support/eventually.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const hour = 3_600_000;
const job = jobConfig.parse({
  name: 'nas',
  paths: ['/srv'],
  repository: '/backup',
  passwordFile: '/password',
  staleAfter: '2d',
});

const notice: Notice = {
  id: 'id-1',
  kind: 'failed',
  job: 'nas',
  host: 'attic',
  at: '2026-01-02T03:04:05.678Z',
  sinceAt: '2026-01-02T03:04:05.678Z',
  failures: 1,
  message: 'The disk is full.',
  run: null,
};

async function openHistory(folder?: string): Promise<RunHistory> {
  const history = await RunHistory.open(join(folder ?? (await temporaryFolder()), 'history.db'), 0);
  onTestFinished(() => history.close());
  return history;
}

async function setUp(clock = new FakeClock(), history?: RunHistory) {
  const kept = history ?? (await openHistory());
  const told: Notice[] = [];
  const notifier = Notifier.open({
    jobs: [job],
    history: kept,
    put: async (one) => void told.push(one),
    reminderEveryMs: 24 * hour,
    clock,
    log: silentLogger,
  });
  onTestFinished(() => notifier.close());
  let count = 0;
  const end = async (state: RunRecord['state'], more: Partial<RunRecord> = {}) => {
    const run: RunRecord = {
      id: `run-${count++}-${Math.random()}`,
      job: 'nas',
      kind: 'backup',
      state,
      startedMs: clock.now(),
      endedMs: clock.now(),
      snapshotId: null,
      counts: noCounts,
      error: state === 'SUCCEEDED' ? null : 'The disk is full.',
      hooks: [],
      note: null,
      ...more,
    };
    await kept.put(run);
    await notifier.ended(job, run);
  };
  return { clock, history: kept, told, notifier, end, kinds: () => told.map(({ kind }) => kind) };
}

describe('people are told', () => {
  test('of the first failure, then once a day, then of the recovery', async () => {
    const { clock, told, end, kinds } = await setUp();
    await end('SUCCEEDED');
    for (let i = 0; i < 30; i++) {
      await end('FAILED');
      clock.advance(hour);
    }
    expect(kinds()).toEqual(['failed', 'reminder']);
    expect(told[1]).toMatchObject({ failures: 25, message: 'The disk is full.', run: { state: 'FAILED' } });
    expect(told[1]?.sinceAt).toBe(told[0]?.at);
    await end('INTERRUPTED');
    await end('SUCCEEDED');
    await end('SUCCEEDED');
    expect(kinds()).toEqual(['failed', 'reminder', 'recovered']);
  });

  test('at once when unreadable files become a failure, and when data is damaged', async () => {
    const { end, kinds } = await setUp();
    await end('PARTIAL');
    await end('PARTIAL');
    await end('FAILED');
    await end('FAILED');
    await end('FAILED', { kind: 'verify', counts: { ...noCounts, errors: 2 } });
    expect(kinds()).toEqual(['partial', 'failed', 'damaged']);
  });

  test('nothing twice because of a restart', async () => {
    const first = await setUp();
    await first.end('FAILED');
    await first.notifier.close();
    const second = await setUp(first.clock, first.history);
    await second.end('FAILED');
    expect(second.kinds()).toEqual([]);
    await second.end('SUCCEEDED');
    expect(second.kinds()).toEqual(['recovered']);
  });

  test('when no run has succeeded for too long, also if none ever did', async () => {
    const { clock, kinds, end } = await setUp();
    const looked = () => eventually(() => expect(clock.pendingCount).toBe(1));
    await looked();
    clock.advance(47 * hour);
    await looked();
    expect(kinds()).toEqual([]);
    clock.advance(2 * hour);
    await looked();
    clock.advance(2 * hour);
    await looked();
    expect(kinds()).toEqual(['stale']);
    await end('SUCCEEDED');
    expect(kinds()).toEqual(['stale', 'recovered']);
  });
});

describe('a webhook', () => {
  test('is signed with time and body', async () => {
    const seen: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => (body += piece));
      request.on('end', () => {
        seen.push({ headers: request.headers, body });
        response.writeHead(seen.length === 1 ? 204 : 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const secretFile = join(await temporaryFolder(), 'secret');
    await writeFile(secretFile, 'sesame\n');
    const clock = new FakeClock();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const channel = webhookChannel({ url, secretFile }, clock);
    const { signal } = new AbortController();
    await channel.send(notice, signal);
    expect(JSON.parse(seen[0]!.body)).toEqual(notice);
    const timestamp = String(Math.floor(clock.now() / 1000));
    const digest = createHmac('sha256', 'sesame').update(`${timestamp}.${seen[0]!.body}`).digest('hex');
    expect(seen[0]!.headers).toMatchObject({
      'x-gatehouse-timestamp': timestamp,
      'x-gatehouse-signature': `sha256=${digest}`,
      'x-gatehouse-notice': 'id-1',
    });
    await expect(channel.send(notice, signal)).rejects.toMatchObject({ code: 'NOTICE_REFUSED' });
  });
});

test('an e-mail says what happened in its subject and its text', async () => {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (piece) => (text += String(piece)));
      stream.on('end', () => {
        mails.push(text);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  const from = 'nas@example.org';
  const to = ['ada@example.org'];
  await mailChannel({ host: '127.0.0.1', port, secure: false, from, to }).send(
    notice,
    new AbortController().signal,
  );
  expect(mails[0]).toContain('Subject: [attic] nas: backup failed');
  expect(mails[0]).toContain('The disk is full.');
  expect(mails[0]).toContain('Message-ID: <id-1@example.org>');
});

describe('the outbox of notices', () => {
  const outboxOf = (history: RunHistory, send: (one: Notice) => Promise<void>, clock: Clock) => {
    const channels = [{ name: 'test', send }];
    const outbox = NoticeOutbox.open({ database: history.database, channels, clock, log: silentLogger });
    onTestFinished(() => outbox.close());
    return outbox;
  };

  test('tries again until a notice is taken, and keeps the order', async () => {
    const taken: string[] = [];
    let attempts = 0;
    const send = async (one: Notice) => {
      attempts += 1;
      if (attempts < 4) throw new Error('no network');
      taken.push(one.id);
    };
    const outbox = outboxOf(await openHistory(), send, new RushingClock());
    await outbox.put(notice);
    await outbox.put({ ...notice, id: 'id-2' });
    await eventually(() => expect(taken).toEqual(['id-1', 'id-2']));
    expect(attempts).toBe(5);
  });

  test('delivers after a restart what was not taken before, and gives up what is old', async () => {
    const history = await openHistory();
    const clock = new FakeClock();
    const first = outboxOf(history, () => Promise.reject(new Error('no network')), clock);
    await first.put(notice);
    await first.close();
    clock.advance(80 * hour);
    const taken: string[] = [];
    const second = outboxOf(history, async (one) => void taken.push(one.id), clock);
    await second.put({ ...notice, id: 'id-2' });
    await eventually(() => expect(taken).toEqual(['id-2']));
  });
});
