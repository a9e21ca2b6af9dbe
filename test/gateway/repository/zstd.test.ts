import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  declaredSize,
  libraryZstd,
  loadZstd,
  nativeZstd,
  openFrameWriter,
  wasmZstd,
  type Zstd,
} from '../../../gateway/repository/zstd.js';
import { hex } from './vectors.js';

/** A frame of raw blocks that states its size, as a writer without an encoder makes it. */
function rawFrame(content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  const parts = [hex('28b52ffda0'), size];
  for (let at = 0; at < content.length; at += 131072) {
    const block = content.subarray(at, at + 131072);
    const header = Buffer.alloc(3);
    header.writeUIntLE((at + block.length >= content.length ? 1 : 0) | (block.length << 3), 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}

/** A frame without a content size: one RLE block of 128 KiB per repetition. */
function unsizedFrame(blocks: number): Buffer {
  const parts = [hex('28b52ffd0050')];
  for (let i = 1; i <= blocks; i++) {
    const header = Buffer.alloc(3);
    header.writeUIntLE((i === blocks ? 1 : 0) | (1 << 1) | (131072 << 3), 0, 3);
    parts.push(header, Buffer.of(0x61));
  }
  return Buffer.concat(parts);
}

const native = nativeZstd();
const library = libraryZstd();

describe.each<[string, (() => Promise<Zstd>) | undefined, string?]>([
  ['WebAssembly', wasmZstd],
  ["Node's own", native && (async () => native), 'this Node has no zstd'],
  ["the system's library", library && (async () => library), 'libzstd is not installed'],
])('Zstandard by %s', (_name, load, absence) => {
  const reason = load ? '' : ` (skipped: ${absence})`;

  it.skipIf(!load)(`leads back to what was compressed${reason}`, async () => {
    const zstd = await load!();
    for (const plain of [Buffer.from('x'), randomBytes(70_000), Buffer.alloc(9_000_000, 'log line 17\n')]) {
      const frame = await zstd.compress(plain);
      expect(declaredSize(frame)).toBe(plain.length);
      expect(Buffer.compare(await zstd.decompress(frame, plain.length), plain)).toBe(0);
    }
  });

  it.skipIf(!load)(`reads raw blocks and frames without a size${reason}`, async () => {
    const zstd = await load!();
    const content = randomBytes(300_000);
    expect(Buffer.compare(await zstd.decompress(rawFrame(content), 300_000), content)).toBe(0);
    const unsized = await zstd.decompress(unsizedFrame(24), 24 * 131072);
    expect(Buffer.compare(unsized, Buffer.alloc(24 * 131072, 'a'))).toBe(0);
  });

  it.skipIf(!load)(`refuses frames that hold more than the limit${reason}`, async () => {
    const zstd = await load!();
    const frame = await zstd.compress(Buffer.alloc(5_000_000));
    await expect(zstd.decompress(frame, 4_999_999)).rejects.toThrow();
    await expect(zstd.decompress(unsizedFrame(24), 24 * 131072 - 1)).rejects.toThrow();
  });

  it.skipIf(!load)(`refuses damaged frames and other bytes${reason}`, async () => {
    const zstd = await load!();
    const frame = Buffer.from(await zstd.compress(Buffer.from('some text, some text, some text')));
    await expect(zstd.decompress(frame.subarray(0, -3), 1000)).rejects.toThrow();
    await expect(zstd.decompress(Buffer.from('hello world'), 1000)).rejects.toThrow(RangeError);
    await expect(zstd.decompress(Buffer.alloc(0), 1000)).rejects.toThrow(RangeError);
  });
});

it('writes frames into a room, or says that they do not fit', async () => {
  const writer = await openFrameWriter(1);
  const plain = Buffer.alloc(100_000, 'log line 17\n');
  const room = Buffer.alloc(plain.length);
  const size = writer.compressInto(room, plain);
  expect(size).toBeLessThan(1000);
  const zstd = await wasmZstd();
  expect(Buffer.compare(await zstd.decompress(room.subarray(0, size), plain.length), plain)).toBe(0);
  const noise = randomBytes(100_000);
  expect(writer.compressInto(room, noise)).toBeUndefined();
});

it('is loaded once', () => {
  expect(loadZstd()).toBe(loadZstd());
});
