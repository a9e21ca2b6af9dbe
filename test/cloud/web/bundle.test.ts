import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bundle, dashboardBundle } from './bundle.js';

let bundle: Bundle;

beforeAll(async () => {
  bundle = await dashboardBundle();
}, 90_000);

afterAll(() => bundle.remove());

/** Bytes of all files of that kind, compressed as a proxy does. */
async function compressedBytes(isMeant: (name: string) => boolean): Promise<number> {
  const folder = join(bundle.folder, 'assets');
  const names = (await readdir(folder)).filter(isMeant);
  expect(names).not.toEqual([]);
  const sizes = names.map(async (name) => gzipSync(await readFile(join(folder, name))).length);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

test('the first page is light enough for a phone far from the house; the others are fetched when opened', async () => {
  const page = await readFile(join(bundle.folder, 'index.html'), 'utf8');
  expect(page).not.toContain('pages-');
  const isLater = (name: string) => name.startsWith('pages-') && name.endsWith('.js');
  expect(await compressedBytes((name) => !isLater(name))).toBeLessThan(65_000);
  expect(await compressedBytes(isLater)).toBeLessThan(20_000);
});
