import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { Hono } from 'hono';
import { expect, it, onTestFinished } from 'vitest';
import { isUpload } from '../../../cloud/http/app.js';
import { HttpServer } from '../../../cloud/http/server.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A server that counts what comes, and a client that sends by hand. */
async function openLine() {
  const clock = new FakeClock();
  const arrivals = new EventEmitter();
  const count = async (body: ReadableStream<Uint8Array> | null) => {
    let bytes = 0;
    arrivals.emit('begun');
    for await (const part of body ?? []) {
      bytes += part.length;
      arrivals.emit('bytes', bytes);
    }
    return bytes;
  };
  const app = new Hono();
  app.put('/api/v1/artifacts/refused', (c) => c.text('no', 401));
  app.all('*', async (c) => c.text(`${await count(c.req.raw.body)} bytes`));
  app.onError((_, c) => c.text('broken off', 500));
  const server = await HttpServer.open({ host: '127.0.0.1', port: 0, app, clock, isUpload });
  onTestFinished(() => server.close());
  const socket = connect(server.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes.toString('latin1');
    socket.emit('answer');
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  return {
    clock,
    socket,
    async begin(request: string) {
      const begun = once(arrivals, 'begun');
      socket.write(`${request} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n`);
      await begun;
    },
    async sendByte() {
      const arrived = once(arrivals, 'bytes');
      socket.write('x');
      await arrived;
    },
    async answered() {
      while (!answer.includes('\r\n\r\n')) await once(socket, 'answer');
      return answer;
    },
    async closed() {
      await closed;
      return answer;
    },
  };
}

const upload = 'PUT /api/v1/artifacts/abc?x=1';

it('an upload may take as long as it likes while bytes keep coming', async () => {
  const { begin, sendByte, clock, answered } = await openLine();
  await begin(upload);
  for (let sent = 0; sent < 100; sent++) {
    clock.advance(25_000);
    await sendByte();
  }
  expect(await answered()).toMatch(/^HTTP\/1\.1 200 .*100 bytes$/s);
  expect(clock.pendingCount).toBe(0);
});

it('an upload that falls silent is cut off within a minute', async () => {
  const { begin, sendByte, clock, closed } = await openLine();
  await begin(upload);
  await sendByte();
  clock.advance(60_000);
  expect(await closed()).toMatch(/^HTTP\/1\.1 408 /);
  expect(clock.pendingCount).toBe(0);
});

it('an upload that was refused does not go on', async () => {
  const { socket, answered, closed } = await openLine();
  socket.write(`PUT /api/v1/artifacts/refused HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx`);
  expect(await answered()).toMatch(/^HTTP\/1\.1 401 /);
  await closed();
});

it('every other request is cut off after half a minute, though bytes keep coming', async () => {
  const { begin, sendByte, clock, closed } = await openLine();
  await begin('POST /api/v1/jobs');
  for (let sent = 0; sent < 29; sent++) {
    await sendByte();
    clock.advance(1_000);
  }
  clock.advance(1_000);
  expect(await closed()).toMatch(/^HTTP\/1\.1 408 /);
});

it('what is answered leaves no timer behind', async () => {
  const { socket, clock, answered } = await openLine();
  socket.write('GET /api/v1/things HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await answered()).toMatch(/^HTTP\/1\.1 200 /);
  expect(clock.pendingCount).toBe(0);
});
