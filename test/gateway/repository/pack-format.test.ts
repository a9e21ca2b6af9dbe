import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Sealer } from '../../../gateway/repository/crypto.js';
import { encodePackEnd, readPackHeader } from '../../../gateway/repository/pack-format.js';
import { PackWriter } from '../../../gateway/repository/pack-writer.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { hex, sheetKey } from './vectors.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const readFrom = (bytes: Buffer) => async (offset: number, length: number) =>
  bytes.subarray(offset, offset + length);

describe('the known pack of one blob', () => {
  const known = hex(
    '0102030405060708090a0b0c0d0e0f10e78a484ea08d5b9fb5d3ce68583153074dbf07d065' +
      '1112131415161718191a1b1c1d1e1f2023e2fe4e29ebdb4d5bbe548d2415a9a5fa04192d51b870b8de05c6eba6ae4a0fcbd938ee62' +
      '5743a81795b98a0a93a9ce2eb865584d45000000',
  );
  const hello = Buffer.from('hello');
  const entry = { type: 'data', id: sha256(hello), offset: 0, length: 37, uncompressedLength: 0 } as const;

  it('comes out byte for byte', async () => {
    const sealer = new Sealer(await sheetKey());
    const blob = sealer.seal(hello, hex('0102030405060708090a0b0c0d0e0f10'));
    const end = encodePackEnd([entry], sealer, hex('1112131415161718191a1b1c1d1e1f20'));
    const pack = Buffer.concat([blob, end]);
    expect(pack.toString('hex')).toBe(known.toString('hex'));
    expect(sha256(pack)).toBe('3bd5ab5d8ddb31355d99b2cc518ddc5a37fc6be3b55d052d8351a65b7d62084f');
  });

  it('is read back', async () => {
    const sealer = new Sealer(await sheetKey());
    expect(await readPackHeader('p', known.length, sealer, readFrom(known))).toEqual([entry]);
  });

  it.each([
    ['a cut end', known.subarray(0, -1)],
    ['a byte too many in front', Buffer.concat([Buffer.of(0), known])],
    ['a header length beyond the file', Buffer.concat([known.subarray(0, -4), hex('ffffff00')])],
    ['a changed header', Buffer.concat([known.subarray(0, 60), Buffer.of(0), known.subarray(61)])],
    ['almost nothing', known.subarray(0, 20)],
  ])('is refused with %s', async (_fault, bytes) => {
    const sealer = new Sealer(await sheetKey());
    const reading = readPackHeader('p', bytes.length, sealer, readFrom(bytes));
    await expect(reading).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
  });
});

describe('a pack being written', () => {
  it('holds thousands of blobs of both kinds of header entry, in order', async () => {
    const sealer = new Sealer(await sheetKey());
    const writer = new PackWriter('tree', await temporaryFolder());
    for (let i = 0; i < 3000; i++) {
      const sealed = sealer.seal(Buffer.from(`blob ${i}`));
      await writer.add({
        id: sha256(Buffer.from(`blob ${i}`)),
        sealed,
        uncompressedLength: i % 2 === 0 ? 0 : 77,
      });
    }
    const { packId, filePath, sizeBytes, blobs: list } = await writer.finish(sealer);
    const blobs = [...list];
    const bytes = await readFile(filePath);
    expect(bytes.length).toBe(sizeBytes);
    expect(sha256(bytes)).toBe(packId);
    expect(await readPackHeader(packId, sizeBytes, sealer, readFrom(bytes))).toEqual(blobs);
    const last = blobs[2999]!;
    const opened = sealer.open(bytes.subarray(last.offset, last.offset + last.length));
    expect(opened?.toString()).toBe('blob 2999');
  });

  it('takes over the blobs of another, written out or not', async () => {
    const sealer = new Sealer(await sheetKey());
    const folder = await temporaryFolder();
    const [first, second] = [new PackWriter('data', folder), new PackWriter('data', folder)];
    const large = Buffer.alloc(1_500_000, 3);
    await first.add({ id: sha256(hex('01')), sealed: sealer.seal(hex('01')), uncompressedLength: 0 });
    await second.add({ id: sha256(large), sealed: sealer.seal(large), uncompressedLength: 0 });
    await second.add({ id: sha256(hex('02')), sealed: sealer.seal(hex('02')), uncompressedLength: 0 });
    await first.absorb(second);
    const { filePath, blobs: list } = await first.finish(sealer);
    const blobs = [...list];
    const bytes = await readFile(filePath);
    const plain = blobs.map((b) => sha256(sealer.open(bytes.subarray(b.offset, b.offset + b.length))!));
    expect(plain).toEqual([sha256(hex('01')), sha256(large), sha256(hex('02'))]);
    expect(plain).toEqual(blobs.map((blob) => blob.id));
  });
});
