/** Reads files that are there already and tells which of their chunks are right. Writes nothing. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { chunkLimitBytes, hashOf } from './chunk-opener.js';
import type { CompareAnswer, CompareFile, CompareJob } from './messages.js';

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
let room = Buffer.alloc(0);

export function compareFiles(job: CompareJob): CompareAnswer {
  return { type: 'compare', files: job.files.map(compareFile) };
}

function compareFile({ path, ids, sizes }: CompareFile) {
  const equal = new Uint8Array(sizes.length);
  let descriptor: number;
  try {
    descriptor = openSync(Buffer.from(path), readFlags);
  } catch {
    return { sizeBytes: -1, equal };
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return { sizeBytes: -1, equal };
    let offset = 0;
    for (const [number, size] of sizes.entries()) {
      const id = ids.subarray(number * 32, number * 32 + 32);
      if (offset + size <= stat.size && holds(descriptor, offset, size, id)) equal[number] = 1;
      offset += size;
    }
    return { sizeBytes: stat.size, equal };
  } catch {
    // A disk that cannot read will be told when it is written to.
    return { sizeBytes: -1, equal: equal.fill(0) };
  } finally {
    closeSync(descriptor);
  }
}

function holds(descriptor: number, offset: number, size: number, id: Uint8Array): boolean {
  if (size > chunkLimitBytes) return false;
  if (room.length < size) room = Buffer.allocUnsafeSlow(size);
  let filled = 0;
  while (filled < size) {
    const count = readSync(descriptor, room, filled, size - filled, offset + filled);
    if (count === 0) return false;
    filled += count;
  }
  return hashOf(room.subarray(0, size)).equals(id);
}
