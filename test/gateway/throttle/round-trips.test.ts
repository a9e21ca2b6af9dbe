/** Round trips of real connections on this machine: what is counted, and the probe beside them. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { RoundTrips } from '../../../gateway/throttle/round-trips.js';

test('tells what was acknowledged since the last look, and probes the peer until it is gone', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const all = new RoundTrips(systemClock);
  const own = new RoundTrips(systemClock, all);
  const canLook = await own.begin();
  expect(await all.begin()).toBe(canLook);
  expect(await own.probe()).toBeUndefined();
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  own.add(socket);
  own.look();
  socket.write(Buffer.alloc(100_000));
  if (canLook) {
    let acked = 0;
    await expect.poll(() => (acked += own.look().ackedBytes)).toBe(100_000);
    expect(own.look()).toMatchObject({ ackedBytes: 0, path: undefined });
    expect(all.look()).toMatchObject({ path: { baseMs: expect.any(Number) } });
  }
  const first = await own.probe();
  expect(first?.delayMs).toBe(first?.baseMs);
  expect((await all.probe())?.delayMs).toBeGreaterThan(0);
  socket.destroy();
  await once(socket, 'close');
  expect(await own.probe()).toBeUndefined();
});
