/** Few, not many small packs: what the workers had begun when the work ended becomes one pack where it fits. */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { Sealer } from '../repository/crypto.js';
import { type FinishedPack, PackWriter } from '../repository/pack-writer.js';

const stretchBytes = 1024 * 1024;

/** Groups packs whose sum does not exceed `packSizeBytes`, the smallest first, and merges each group. */
export async function mergePacks(
  packs: readonly FinishedPack[],
  packSizeBytes: number,
  folder: string,
  sealer: Sealer,
): Promise<FinishedPack[]> {
  const merged: FinishedPack[] = [];
  let group: FinishedPack[] = [];
  let groupBytes = 0;
  for (const pack of [...packs].sort((a, b) => a.sizeBytes - b.sizeBytes)) {
    if (groupBytes + pack.sizeBytes > packSizeBytes) {
      merged.push(...(await mergeGroup(group, folder, sealer)));
      group = [];
      groupBytes = 0;
    }
    group.push(pack);
    groupBytes += pack.sizeBytes;
  }
  return [...merged, ...(await mergeGroup(group, folder, sealer))];
}

async function mergeGroup(
  group: readonly FinishedPack[],
  folder: string,
  sealer: Sealer,
): Promise<readonly FinishedPack[]> {
  if (group.length < 2) return group;
  const writer = new PackWriter('data', folder);
  for (const pack of group) await copyInto(writer, pack);
  return [await writer.finish(sealer)];
}

async function copyInto(writer: PackWriter, pack: FinishedPack): Promise<void> {
  const file = await open(pack.filePath, 'r');
  try {
    let stretch: Buffer = Buffer.alloc(0);
    let from = 0;
    for (const { id, offset, length, uncompressedLength } of pack.blobs) {
      if (offset + length > from + stretch.length) {
        stretch = await readStretch(file, offset, length);
        from = offset;
      }
      const sealed = stretch.subarray(offset - from, offset - from + length);
      await writer.add({ id, sealed, uncompressedLength });
    }
  } finally {
    await file.close();
  }
  await unlink(pack.filePath);
}

/** Many blobs at a time: a read for each would take longer than all else about a small file. */
async function readStretch(file: FileHandle, offset: number, leastBytes: number): Promise<Buffer> {
  const size = Math.max(leastBytes, stretchBytes);
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(size), 0, size, offset);
  if (bytesRead < leastBytes) throw new Error('a pack in the spool folder was cut short');
  return buffer.subarray(0, bytesRead);
}
