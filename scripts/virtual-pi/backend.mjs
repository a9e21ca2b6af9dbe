/**
 * The world outside the virtual Raspberry Pi: a backend on this machine, and a line to it by which the
 * guest compares clocks and hears when its press was handled. Prints what the guest needs as shell words,
 * and runs until it is killed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LineReader, startPressCloud } from '../../bench/press-cloud.mjs';

/** This machine as the guest sees it, by QEMU's user network. */
const outside = '10.0.2.2';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-pi-backend-'));
const times = join(folder, 'times');
const cloud = await startPressCloud({ folder, times, thing: 'virtual-pi', more: { hostNames: [outside] } });
const handled = new LineReader(times);

/** `now` is answered with this machine's time; `handled` with the time of the next handler's start. */
const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  createInterface({ input: socket }).on('line', (line) => {
    if (line === 'now') socket.write(`${process.hrtime.bigint()}\n`);
    if (line === 'handled') void handled.next().then((time) => socket.write(`${time}\n`));
  });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  process.stdout.write(`VIRTUAL_PI_CLAIM=${cloud.claimToken} VIRTUAL_PI_BACKEND=${outside}:${port}\n`);
});

process.once('SIGTERM', () => {
  cloud.process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
  cloud.process.kill('SIGTERM');
});
