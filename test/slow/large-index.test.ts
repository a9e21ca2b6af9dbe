/** Memory stays flat with the size of the repository: the marks of a million and of ten million blobs. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const bench = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url));

describe('loading the index of a repository', () => {
  it.each([
    [1_000_000, 256],
    [10_000_000, 400],
  ])('of %i blobs takes less than %i MiB in all', (blobs, limitMiB) => {
    const { stdout, stderr } = spawnSync(process.execPath, [bench, 'index', String(blobs)], {
      encoding: 'utf8',
    });
    const peak = Number(/peak (\d+) MiB/.exec(stdout)?.[1]);
    expect(peak, stderr).toBeGreaterThan(30);
    expect(peak).toBeLessThan(limitMiB);
  });
});

it('plans a prune of a million tiny blobs in less than 256 MiB, and prunes them in 384', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [bench, 'prune', '1000000'], { encoding: 'utf8' });
  const peak = (how: string) => Number(new RegExp(`^${how}: peak (\\d+) MiB`, 'm').exec(stdout)?.[1]);
  expect(peak('plan'), stderr).toBeGreaterThan(30);
  expect(peak('plan')).toBeLessThan(256);
  expect(peak('prune'), stderr).toBeGreaterThan(30);
  expect(peak('prune')).toBeLessThan(384);
});
