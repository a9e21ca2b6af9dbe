/**
 * The process behind counting-proxy.ts: a TCP proxy that counts the bytes of each direction in bins
 * of 10 ms and may cut a connection now and then. The counts are the kernel's (TCP_INFO: bytes
 * received from the client and acknowledged by it), since what is written may wait in a buffer. A
 * process of its own and ahead of the others, so that a busy test does not blur what it counts.
 *
 *   node counting-proxy.mjs TARGET-PORT CUT-AFTER-BYTES (0: never)
 */
import { connect, createServer } from 'node:net';
import { setPriority } from 'node:os';
import koffi from 'koffi';

const [targetPort = '0', cutAfter = '0'] = process.argv.slice(2);
const binMs = 10;
const began = performance.now();
const bins = { up: [], down: [] };
let untilCut = Number(cutAfter);
let cuts = 0;

try {
  setPriority(-10);
} catch {
  // Only root may; the marks are kept without it on an idle machine.
}

const getOption = koffi
  .load(null)
  .func('getsockopt', 'int', [
    'int',
    'int',
    'int',
    koffi.out(koffi.pointer('uint8_t')),
    koffi.inout(koffi.pointer('uint32_t')),
  ]);
// Of <linux/tcp.h>: IPPROTO_TCP, TCP_INFO, and where struct tcp_info has its two counters.
const [tcp, tcpInfo, bytesAckedAt, bytesReceivedAt] = [6, 11, 120, 128];
const info = Buffer.alloc(232);

/** Client sockets with what was counted of each. */
const clients = new Map();

function sample(socket) {
  const seen = clients.get(socket);
  const fd = socket._handle?.fd ?? -1;
  if (seen === undefined || fd < 0 || getOption(fd, tcp, tcpInfo, info, [info.length]) !== 0) return;
  // The handshake counts as one byte acknowledged.
  const down = Math.max(0, Number(info.readBigUInt64LE(bytesAckedAt)) - 1);
  const up = Number(info.readBigUInt64LE(bytesReceivedAt));
  count('up', up - seen.up);
  count('down', down - seen.down);
  clients.set(socket, { up, down });
}

function count(direction, bytes) {
  const list = bins[direction];
  const at = Math.floor((performance.now() - began) / binMs);
  while (list.length <= at) list.push(0);
  list[at] += bytes;
}

function cut(...sockets) {
  cuts += 1;
  for (const socket of sockets) {
    sample(socket);
    socket.resetAndDestroy();
  }
}

function pipe(from, to) {
  from.on('data', (chunk) => {
    if (!to.write(chunk)) from.pause();
    if (Number(cutAfter) === 0) return;
    untilCut -= chunk.length;
    if (untilCut > 0) return;
    untilCut = Number(cutAfter);
    cut(from, to);
  });
  to.on('drain', () => from.resume());
  from.on('end', () => {
    sample(from);
    to.end();
  });
  from.on('error', () => to.destroy());
  from.on('close', (hadError) => {
    // After a proper end what is still on its way to the other side shall arrive.
    if (hadError || !from.readableEnded) to.destroy();
  });
}

const server = createServer((incoming) => {
  const outgoing = connect(Number(targetPort), '127.0.0.1');
  incoming.setNoDelay(true);
  outgoing.setNoDelay(true);
  clients.set(incoming, { up: 0, down: 0 });
  incoming.once('close', () => clients.delete(incoming));
  pipe(incoming, outgoing);
  pipe(outgoing, incoming);
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));

setInterval(() => {
  for (const socket of clients.keys()) sample(socket);
}, binMs);

process.on('message', (question) => {
  if (question === 'counts') {
    for (const socket of clients.keys()) sample(socket);
    const at = Math.floor((performance.now() - began) / binMs);
    for (const list of Object.values(bins)) while (list.length < at) list.push(0);
    process.send({ ...bins, cuts });
  }
});
process.on('disconnect', () => process.exit());
