import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { configurationPage } from '../../cli/reference/configuration.js';
import { configPages } from '../../cli/reference/pages.js';

test('docs/configuration.md is what the schemas say (else run: node scripts/configuration-page.mjs)', async () => {
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toBe(configurationPage(configPages));
});

test('every key has a line that explains it', () => {
  const rows = configurationPage(configPages)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => row.endsWith('|  |'))).toEqual([]);
});
