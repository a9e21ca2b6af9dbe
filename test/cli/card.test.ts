/** `gatehouse device card` on the command line, at a real backend. */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startCloud } from '../support/cloud-fixture.js';
import { gatehouse } from '../support/gatehouse-cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a board that does not exist is wrong usage, and the boards that do are named', async () => {
  const { cloud, get } = await startCloud();
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'token'), cloud.apiToken);
  const target = ['--url', cloud.httpUrl, '--token-file', join(folder, 'token')];
  const out = join(folder, 'card');
  const args = ['device', 'card', 'hall', '--board', 'toaster', '--out', out, ...target];
  const { code, stderr } = await gatehouse(args, { cwd: folder });
  expect(stderr).toContain('There is no board "toaster"');
  expect(stderr).toContain('button-box, rover, sensor-node');
  expect(code).toBe(2);
  expect(await get('/things')).toEqual([]);
  expect(await readdir(folder)).toEqual(['token']);
});
