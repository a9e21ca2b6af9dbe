import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { silentLogger } from '../../../core/log.js';
import { openRestServer } from '../../../gateway/rest/server.js';
import { annaSecret, serveTestUsers } from '../../support/rest-server.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** As `anna`, over plain HTTP. */
async function call(origin: string, path: string, init: RequestInit = {}, login = `anna:${annaSecret}`) {
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  const answer = await fetch(origin + path, { ...init, headers: { ...init.headers, authorization } });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

function fileOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

test('whoever has no password, or another one’s, gets nothing', async () => {
  const { server, users } = await serveTestUsers();
  expect((await fetch(`${server.origin}/anna/config`)).status).toBe(401);
  expect((await call(server.origin, '/anna/config', {}, 'anna:wrong password')).status).toBe(401);
  expect((await call(server.origin, '/anna/config', {}, 'nobody:wrong password')).status).toBe(401);
  expect((await call(server.origin, '/bert/config')).status).toBe(403);
  expect((await call(server.origin, '/config')).status).toBe(403);
  expect((await call(server.origin, '/anna/config')).status).toBe(404);
  await users.remove('anna');
  expect((await call(server.origin, '/anna/config')).status).toBe(401);
});

test('only addresses of the protocol are known; none leads out of the user’s folder', async () => {
  const { server } = await serveTestUsers();
  const id = 'a'.repeat(64);
  const wrong = [
    '/anna/data/..%2f..%2fx',
    `/anna/data/${id.toUpperCase()}`,
    '/anna/.hidden/config',
    '/anna/other/x/',
  ];
  for (const path of [...wrong, '/anna/%2e%2e/bert/config', `/anna/data/aa/${id}`]) {
    const { status } = await call(server.origin, path);
    expect([403, 404, 405], path).toContain(status);
  }
  const raw = connect(server.port, '127.0.0.1');
  const login = Buffer.from(`anna:${annaSecret}`).toString('base64');
  raw.write(
    `GET /anna/../bert/config HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${login}\r\nConnection: close\r\n\r\n`,
  );
  const [answer] = (await once(raw, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 403/);
});

test('a file is stored under its own hash only, whole or not at all', async () => {
  const { root, server } = await serveTestUsers();
  await call(server.origin, '/anna/?create=true', { method: 'POST' });
  const content = randomBytes(100_000);
  const path = `/anna/data/${fileOf(content)}`;
  const wrong = await call(server.origin, path, { method: 'POST', body: randomBytes(100_000) });
  expect(wrong.status).toBe(400);
  expect((await call(server.origin, path)).status).toBe(404);
  const cut = connect(server.port, '127.0.0.1');
  const login = Buffer.from(`anna:${annaSecret}`).toString('base64');
  cut.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${login}\r\nContent-Length: 100000\r\n\r\n`,
  );
  cut.write(content.subarray(0, 50_000));
  cut.end();
  await once(cut.resume(), 'close');
  expect((await call(server.origin, path)).status).toBe(404);
  expect((await call(server.origin, path, { method: 'POST', body: content })).status).toBe(200);
  // An answer that got lost makes the client send it again.
  expect((await call(server.origin, path, { method: 'POST', body: content })).status).toBe(200);
  expect((await call(server.origin, path)).body.equals(content)).toBe(true);
  await expect.poll(() => readdir(join(root, '.gatehouse-tmp'))).toEqual([]);
});

test('lists names, or names and sizes for version 2; reads by range', async () => {
  const { server } = await serveTestUsers();
  const content = Buffer.from('0123456789');
  const id = fileOf(content);
  await call(server.origin, `/anna/index/${id}`, { method: 'POST', body: content });
  const accept = (version: number) => ({ headers: { accept: `application/vnd.x.restic.rest.v${version}` } });
  const first = await call(server.origin, '/anna/index/', accept(1));
  expect(JSON.parse(first.body.toString())).toEqual([id]);
  const second = await call(server.origin, '/anna/index/', accept(2));
  expect(second.headers.get('content-type')).toBe('application/vnd.x.restic.rest.v2');
  expect(JSON.parse(second.body.toString())).toEqual([{ name: id, size: 10 }]);
  expect(JSON.parse((await call(server.origin, '/anna/data/')).body.toString())).toEqual([]);
  const part = await call(server.origin, `/anna/index/${id}`, { headers: { range: 'bytes=3-5' } });
  expect({ status: part.status, text: part.body.toString() }).toEqual({ status: 206, text: '345' });
  expect((await call(server.origin, `/anna/index/${id}`, { headers: { range: 'bytes=10-' } })).status).toBe(
    416,
  );
  const head = await call(server.origin, `/anna/index/${id}`, { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe('10');
});

test('a quota holds also for uploads at the same time, and room that is freed is there again', async () => {
  const { server } = await serveTestUsers({ quotaBytes: 1000 });
  const files = Array.from({ length: 4 }, () => randomBytes(400));
  const uploads = await Promise.all(
    files.map((body) => call(server.origin, `/anna/data/${fileOf(body)}`, { method: 'POST', body })),
  );
  expect(uploads.map(({ status }) => status).sort()).toEqual([200, 200, 413, 413]);
  const stored = files[uploads.findIndex(({ status }) => status === 200)] as Buffer;
  const refused = files[uploads.findIndex(({ status }) => status === 413)] as Buffer;
  expect((await call(server.origin, `/anna/data/${fileOf(stored)}`, { method: 'DELETE' })).status).toBe(200);
  const again = await call(server.origin, `/anna/data/${fileOf(refused)}`, { method: 'POST', body: refused });
  expect(again.status).toBe(200);
});

test('an append-only user removes locks and nothing else', async () => {
  const { server } = await serveTestUsers({ appendOnly: true });
  const body = Buffer.from('x');
  const id = fileOf(body);
  for (const type of ['locks', 'data', 'snapshots']) {
    await call(server.origin, `/anna/${type}/${id}`, { method: 'POST', body });
  }
  await call(server.origin, '/anna/config', { method: 'POST', body });
  const remove = async (path: string) => (await call(server.origin, path, { method: 'DELETE' })).status;
  expect(await remove(`/anna/locks/${id}`)).toBe(200);
  expect(await remove(`/anna/data/${id}`)).toBe(403);
  expect(await remove(`/anna/snapshots/${id}`)).toBe(403);
  expect(await remove('/anna/config')).toBe(403);
  expect((await call(server.origin, '/anna/config', { method: 'POST', body })).status).toBe(403);
});

test('without TLS it listens on loopback only', async () => {
  const folder = await temporaryFolder();
  const options = {
    port: 0,
    root: folder,
    usersFile: join(folder, 'u'),
    clock: systemClock,
    log: silentLogger,
  };
  await expect(openRestServer({ ...options, host: '0.0.0.0' })).rejects.toMatchObject({ code: 'REST_PLAIN' });
});
