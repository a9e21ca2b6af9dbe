/**
 * A line with a rate, a delay and a queue, of two TUN devices: what the kernel sends into one comes
 * out of the other, late, at the rate, or not at all when the queue is full; back only late. So TCP,
 * and what the kernel says of it, is real. Tells every 50 ms how long the queue is and how many
 * bytes from each TCP port have passed.
 *
 *   node slow-link.mjs RATE-BYTES-PER-SECOND ROUND-TRIP-MS QUEUE-BYTES DEVICE DEVICE
 */
import { openSync, read, writeSync } from 'node:fs';
import koffi from 'koffi';

const [rate, roundTripMs, queueBytes] = process.argv.slice(2, 5).map(Number);
const [tunSetInterface, tunWithoutHeader, packetBytes] = [0x400454ca, 0x1001, 2048];
const ioctl = koffi
  .load(null)
  .func('ioctl', 'int', ['int', 'unsigned long', koffi.inout(koffi.pointer('uint8_t'))]);

function openTun(name) {
  const fd = openSync('/dev/net/tun', 'r+');
  const request = Buffer.alloc(40);
  request.write(name, 'latin1');
  request.writeUInt16LE(tunWithoutHeader, 16);
  if (ioctl(fd, tunSetInterface, request) !== 0) throw new Error(`no TUN device ${name}`);
  return fd;
}

const [near, far] = process.argv.slice(5, 7).map(openTun);
const passed = {};
let lineFreeMs = 0;

function receive(fd, forward) {
  read(fd, Buffer.allocUnsafe(packetBytes), 0, packetBytes, null, (error, length, packet) => {
    if (error === null) forward(packet.subarray(0, length));
    else if (error.code !== 'EIO') throw error;
    // EIO: the device is not up yet.
    if (error === null) receive(fd, forward);
    else setTimeout(() => receive(fd, forward), 20);
  });
}

/** First in, first out: each due no earlier than the one before. */
function delayed(fd) {
  const waiting = [];
  let isTimed = false;
  const deliver = () => {
    isTimed = false;
    const now = performance.now();
    while (waiting.length > 0 && waiting[0].dueMs <= now) {
      try {
        writeSync(fd, waiting.shift().packet);
      } catch (error) {
        if (error.code !== 'EIO') throw error;
      }
    }
    if (waiting.length > 0) deliverAt(waiting[0].dueMs);
  };
  const deliverAt = (dueMs) => {
    isTimed = true;
    setTimeout(deliver, Math.max(1, dueMs - performance.now()));
  };
  return (packet, dueMs) => {
    waiting.push({ packet, dueMs });
    if (!isTimed) deliverAt(dueMs);
  };
}

function count(packet) {
  const isTcp = packet[0] >> 4 === 4 && packet[9] === 6;
  if (!isTcp) return;
  const port = packet.readUInt16BE((packet[0] & 15) * 4);
  passed[port] = (passed[port] ?? 0) + packet.length;
}

const toFar = delayed(far);
const toNear = delayed(near);
receive(near, (packet) => {
  const now = performance.now();
  const queued = (Math.max(0, lineFreeMs - now) * rate) / 1000;
  if (queued + packet.length > queueBytes) return;
  lineFreeMs = Math.max(now, lineFreeMs) + (packet.length / rate) * 1000;
  count(packet);
  toFar(packet, lineFreeMs + roundTripMs / 2);
});
receive(far, (packet) => toNear(packet, performance.now() + roundTripMs / 2));

setInterval(() => {
  const ms = performance.now();
  process.send({ ms, queueMs: Math.max(0, lineFreeMs - ms), passed });
}, 50);
process.send({ ready: true });
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
