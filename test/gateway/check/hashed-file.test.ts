import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HashedFile } from '../../../gateway/check/hashed-file.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');

async function hashedFile() {
  const path = join(await temporaryFolder('hashed'), 'pack');
  await writeFile(path, content);
  const file = openSync(path, 'r');
  onTestFinished(() => closeSync(file));
  const room = Buffer.alloc(400_000);
  return new HashedFile(file, (sizeBytes) => room.subarray(0, sizeBytes));
}

describe('a file that is hashed as it is read', () => {
  it.each([
    ['in order', [0, 100_000], [100_000, 150_000]],
    ['with gaps', [10, 20], [200_000, 50_000]],
    ['overlapping', [0, 100_000], [50_000, 100_000], [60_000, 10]],
    ['from behind', [290_000, 10_000], [0, 100_000]],
    ['beyond its end', [250_000, 60_000], [300_000, 10], [400_000, 10]],
    ['not at all'],
  ])('gives its bytes and its hash when it is read %s', async (_, ...reads) => {
    const file = await hashedFile();
    for (const [offset = 0, length = 0] of reads as number[][]) {
      expect(file.read(offset, length).equals(content.subarray(offset, offset + length))).toBe(true);
    }
    expect(file.sha256()).toBe(sha256);
  });
});
