import { expect, it } from 'vitest';
import { FrameGuard } from '../../../cloud/broker/frame-guard.js';
import { publishPacket } from '../../support/mqtt-bytes.js';

const frames = [0, 1, 100, 120, 127, 128, 1_000, 16_384].map((sizeBytes) =>
  publishPacket('t', 1, Buffer.alloc(sizeBytes, 0xff)),
);

it.each([1, 2, 3, 7, 1_000, 100_000])('follows frames that come in pieces of %i bytes', (pieceBytes) => {
  const guard = new FrameGuard(16_384 + 5);
  const stream = Buffer.concat([Buffer.from([0xc0, 0]), ...frames, Buffer.from([0xc0, 0])]);
  for (let at = 0; at < stream.length; at += pieceBytes) {
    expect(guard.accept(stream.subarray(at, at + pieceBytes))).toBe(true);
  }
});

it('refuses a frame that is one byte too long, wherever the pieces end', () => {
  for (const pieceBytes of [1, 2, 3, 50]) {
    const guard = new FrameGuard(16_384 + 4);
    const stream = Buffer.concat(frames);
    const verdicts = [];
    for (let at = 0; at < stream.length; at += pieceBytes) {
      verdicts.push(guard.accept(stream.subarray(at, at + pieceBytes)));
    }
    expect(verdicts).toContain(false);
  }
});

it('refuses a length of more than four bytes [MQTT-2.2.3]', () => {
  expect(new FrameGuard(1e9).accept(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]))).toBe(false);
});
