import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { Secret } from '../../core/secret.js';
import { addKey, listKeys } from '../../gateway/commands/keys.js';
import { noRestic, openWith, withRestic, withTestRepository } from '../support/restic.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const cheap = { clock: systemClock, scryptCost: { n: 1024, r: 8, p: 1 } };

test.skipIf(noRestic !== undefined)(withRestic('keys made by either open with the other'), async () => {
  const base = await temporaryFolder();
  const folder = join(base, 'repository');
  const restic = (password: string, ...args: string[]) =>
    spawnSync('restic', ['--no-cache', '-r', folder, ...args], {
      encoding: 'utf8',
      env: { ...process.env, RESTIC_PASSWORD: password },
    });
  await withTestRepository(folder, 'init', (repository) =>
    addKey(repository, { ...cheap, password: new Secret('ours') }),
  );
  await writeFile(join(base, 'theirs'), 'theirs\n');
  expect(restic('ours', 'key', 'add', '--new-password-file', join(base, 'theirs'))).toMatchObject({
    status: 0,
  });
  expect(await openWith(folder, 'theirs', listKeys)).toHaveLength(3);
  const listed = JSON.parse(restic('ours', 'key', 'list', '--json').stdout) as { current: boolean }[];
  expect(listed.filter(({ current }) => current)).toHaveLength(1);
});
