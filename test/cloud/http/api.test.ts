import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { overview } from '../../../core/wire/api.js';
import type { BackupReport } from '../../../core/wire/backups.js';
import { startCloud } from '../../support/cloud-fixture.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** `fetch` refuses to set Host; a page behind a rebound name does not. */
function rawGet(
  url: string,
  headers: Record<string, string>,
  path = '/',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, path }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('health needs no token, everything else does', async () => {
  const { cloud, call } = await startCloud();
  const health = await fetch(`${cloud.httpUrl}/api/v1/health`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  for (const path of ['overview', 'things', 'clicks', 'runs', 'stream', 'nothing', 'backups/reports']) {
    const response = await fetch(`${cloud.httpUrl}/api/v1/${path}`);
    expect([path, response.status]).toEqual([path, 401]);
    expect(await response.json()).toMatchObject({
      error: { code: 'UNAUTHORISED', hint: expect.any(String) },
    });
  }
  const wrong = await call('GET', '/overview', undefined, { authorization: `Bearer ${'x'.repeat(43)}` });
  expect(wrong.status).toBe(401);
  expect((await call('GET', '/overview')).status).toBe(200);
});

test('the token file is for this user only and the token stays the same', async () => {
  const folder = await temporaryFolder();
  const first = await startCloud({}, folder);
  const file = join(first.dataDir, 'api-token');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await readFile(file, 'utf8')).trim()).toBe(first.cloud.apiToken);
  await first.cloud.close();
  const second = await startCloud({}, folder);
  expect(second.cloud.apiToken).toBe(first.cloud.apiToken);
});

test('the log-in sets a strict cookie that opens the API, and tells nothing of the token', async () => {
  const { cloud } = await startCloud();
  const login = await fetch(`${cloud.httpUrl}/login?token=${cloud.apiToken}`, { redirect: 'manual' });
  expect([login.status, login.headers.get('location')]).toEqual([303, '/']);
  const cookie = login.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/^gatehouse_session=[\w-]+;.*HttpOnly; SameSite=Strict/);
  expect(cookie).not.toContain(cloud.apiToken);
  const response = await fetch(`${cloud.httpUrl}/api/v1/overview`, {
    headers: { cookie: cookie.split(';')[0]! },
  });
  expect(response.status).toBe(200);
  const refused = await fetch(`${cloud.httpUrl}/login?token=wrong`, { redirect: 'manual' });
  expect([refused.status, refused.headers.get('location')]).toEqual([303, '/']);
  expect(refused.headers.get('set-cookie')).toBeNull();
});

test('a foreign host name is refused, our names and allowed ones are not', async () => {
  const { cloud } = await startCloud({ http: { port: 0, allowedHosts: ['pi.example'] } });
  const { port } = new URL(cloud.httpUrl);
  const ask = async (host: string) => (await rawGet(cloud.httpUrl, { host }, '/api/v1/health')).status;
  expect(await ask(`evil.example:${port}`)).toBe(403);
  expect(await ask('evil.example')).toBe(403);
  for (const host of [
    `localhost:${port}`,
    `127.0.0.1:${port}`,
    `[::1]:${port}`,
    'PI.example:80',
    'pi.example',
  ]) {
    expect([host, await ask(host)]).toEqual([host, 200]);
  }
});

test('changes from another page are refused even with the right credentials', async () => {
  const { cloud, call } = await startCloud();
  const foreign = await call('POST', '/things', { name: 'a' }, { origin: 'https://evil.example' });
  expect([foreign.status, (await foreign.json()) as object]).toMatchObject([
    403,
    { error: { code: 'ORIGIN_REFUSED' } },
  ]);
  expect((await call('POST', '/things', { name: 'a' }, { origin: 'null' })).status).toBe(403);
  expect((await call('POST', '/things', { name: 'a' }, { origin: cloud.httpUrl })).status).toBe(201);
});

test('every answer carries the security headers', async () => {
  const { cloud } = await startCloud();
  for (const path of ['/', '/api/v1/health', '/api/v1/overview', '/nothing.js', '/login']) {
    const { headers } = await fetch(cloud.httpUrl + path);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
});

test('things are made, listed, given claim tokens and revoked', async () => {
  const { call, get } = await startCloud();
  const made = await call('POST', '/things', { name: 'door' });
  expect(made.status).toBe(201);
  const view = {
    name: 'door',
    type: 'button',
    claim: 'CLAIMED',
    online: false,
    lastSeen: null,
    enabled: true,
    tags: {},
    version: 1,
    remainingLife: 100,
    certificates: [],
    buttons: [],
    outputs: [],
    gpioRoute: null,
    i2cRoute: null,
    placement: null,
  };
  expect(await made.json()).toEqual(view);
  expect(await get('/things')).toEqual([view]);
  expect(await get('/things/door')).toEqual(view);
  const token = (await (await call('POST', '/things/door/claim-token')).json()) as { claimToken: string };
  expect(token.claimToken).toMatch(/^ghct1\./);
  expect(await (await call('POST', '/things/door/revoke')).json()).toEqual({ certificateIds: [] });
});

test.each([
  [400, 'REQUEST_INVALID', 'POST', '/things', { name: 'a b' }],
  [400, 'REQUEST_INVALID', 'POST', '/things', { name: 'a', more: 1 }],
  [400, 'REQUEST_INVALID', 'POST', '/things', '{"name":'],
  [409, 'THING_EXISTS', 'POST', '/things', { name: 'door' }],
  [400, 'DEVICE_TYPE_UNKNOWN', 'POST', '/things', { name: 'a', type: 'toaster' }],
  [404, 'THING_UNKNOWN', 'GET', '/things/nobody', undefined],
  [404, 'THING_UNKNOWN', 'POST', '/things/nobody/press', {}],
  [404, 'THING_UNKNOWN', 'POST', '/things/nobody/revoke', {}],
  [404, 'THING_UNKNOWN', 'POST', '/things/nobody/claim-token', {}],
  [409, 'THING_OFFLINE', 'POST', '/things/door/press', {}],
  [400, 'REQUEST_INVALID', 'POST', '/things/door/press', { pattern: 'TRIPLE' }],
  [404, 'NOT_FOUND', 'GET', '/runs/none', undefined],
  [400, 'REQUEST_INVALID', 'GET', '/clicks?limit=0', undefined],
  [400, 'REQUEST_INVALID', 'GET', '/telemetry', undefined],
  [404, 'NOT_FOUND', 'GET', '/telemetry?thing=door&series=a.b', undefined],
  [400, 'REQUEST_INVALID', 'GET', '/telemetry?thing=door&series=a.b&from=yesterday', undefined],
  [404, 'NOT_FOUND', 'GET', '/nothing', undefined],
  [400, 'REQUEST_INVALID', 'POST', '/backups/reports', { job: 'a' }],
  [413, 'REQUEST_TOO_LARGE', 'POST', '/backups/reports', 'x'.repeat(600_000)],
])('%i %s for %s %s', async (status, code, method, path, body) => {
  const { call } = await startCloud();
  await call('POST', '/things', { name: 'door' });
  const response = await call(method, path, body);
  expect(await response.json()).toMatchObject({ error: { code, message: expect.any(String) } });
  expect(response.status).toBe(status);
});

test('backup reports are stored, shown and streamed', async () => {
  const { call, get, cloud } = await startCloud();
  const report: BackupReport = {
    job: 'documents',
    runId: 'run-1',
    state: 'SUCCEEDED',
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: '2026-01-02T03:05:05.000Z',
    repository: '/backup',
    paths: ['/data'],
    snapshotId: 'abc',
    filesNew: 1,
    filesChanged: 0,
    filesUnmodified: 3,
    bytesProcessed: 4,
    bytesAdded: 5,
    error: null,
    nextRunAt: null,
  };
  const stream = await call('GET', '/stream');
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  const read = async (part: string) => {
    while (!seen.includes(part)) seen += (await reader.read()).value ?? '';
  };
  await read('retry:');
  expect((await call('POST', '/backups/reports', report)).status).toBe(200);
  await read('\n\n');
  await read(`event: backup\ndata: ${JSON.stringify(report)}\n\n`);
  expect(await get('/backups')).toEqual([{ job: 'documents', last: report, history: [report] }]);
  expect(overview.parse(await get('/overview'))).toMatchObject({ version: '1.2.3' });
  await cloud.close();
  expect((await reader.read()).done).toBe(true);
});

test('the dashboard is served from its folder and nothing outside of it', async () => {
  const folder = await temporaryFolder();
  const web = join(folder, 'web');
  await mkdir(join(web, 'assets'), { recursive: true });
  await writeFile(join(web, 'index.html'), '<title>Gatehouse</title>');
  await writeFile(join(web, 'assets', 'main-1234.js'), 'export {};');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await symlink(join(folder, 'secret.txt'), join(web, 'link.txt'));
  const { cloud } = await startCloud({ web: { directory: web } });
  const page = await fetch(`${cloud.httpUrl}/things/door`);
  expect([page.status, await page.text()]).toEqual([200, '<title>Gatehouse</title>']);
  const script = await fetch(`${cloud.httpUrl}/assets/main-1234.js`);
  expect(script.headers.get('content-type')).toMatch(/^text\/javascript/);
  expect(script.headers.get('cache-control')).toMatch(/immutable/);
  for (const path of [
    '/link.txt',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/a%00.txt',
    '/%zz.txt',
  ]) {
    const { status, text } = await rawGet(cloud.httpUrl, {}, path);
    expect([path, status]).toEqual([path, 404]);
    expect(text).not.toBe('secret');
  }
});

test('a dashboard that is not built is told in plain words', async () => {
  const { cloud } = await startCloud({ web: { directory: join(await temporaryFolder(), 'none') } });
  const page = await fetch(cloud.httpUrl);
  expect([page.status, await page.text()]).toEqual([200, expect.stringMatching(/not built.*npm run build/s)]);
});

test('a taken port is told with its option', async () => {
  const { cloud } = await startCloud();
  const port = Number(new URL(cloud.httpUrl).port);
  await expect(startCloud({ http: { port } })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: `127.0.0.1:${port} is in use by another program.`,
    hint: expect.stringContaining('http.port'),
  });
  await expect(startCloud({ mqtt: { host: '127.0.0.1', port: cloud.mqttPort } })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    hint: expect.stringContaining('mqtt.port'),
  });
  await expect(
    startCloud({ provisioning: { host: '127.0.0.1', port: cloud.provisioningPort } }),
  ).rejects.toMatchObject({ code: 'PORT_TAKEN', hint: expect.stringContaining('provisioning.port') });
});

test('a second cloud in the same folder is refused', async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => {});
  await startCloud({}, folder);
  await expect(startCloud({}, folder)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
});

test('JSON that nests deeper than a hundred levels is refused before anything walks it', async () => {
  const { call } = await startCloud();
  await call('POST', '/things', { name: 'box', type: 'button' });
  // The body itself and the document are two levels.
  const jobWith = (levels: number) =>
    `{"id":"job-${levels}","targets":["box"],"document":{"a":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}}`;
  expect((await call('POST', '/jobs', jobWith(100))).status).toBe(201);
  for (const levels of [101, 2_000, 200_000]) {
    const answer = await call('POST', '/jobs', jobWith(levels));
    expect([levels, answer.status, await answer.json()]).toEqual([
      levels,
      400,
      {
        error: {
          code: 'REQUEST_INVALID',
          message: 'The request does not fit: the body nests deeper than 100 levels.',
        },
      },
    ]);
  }
});
