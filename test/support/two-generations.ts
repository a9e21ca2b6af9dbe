/** A source in two states, as prune needs: some files stay, some change, some go. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.js';
import { backup } from '../../gateway/commands/backup.js';
import type { Repository } from '../../gateway/repository/repository.js';
import { seededRandom } from './random.js';
import { temporaryFolder } from './temporary-folder.js';

const text = (random: () => number, length: number) =>
  Array.from({ length: length / 4 }, () => random().toString(36).slice(2, 6)).join('');

/** `first` and `second` write the states; the repository is not made yet. */
export async function twoGenerations() {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  await mkdir(join(source, 'sub', 'empty'), { recursive: true });
  const random = seededRandom(7);
  const write = (name: string, length: number) => writeFile(join(source, name), text(random, length));
  const first = async () => {
    for (let i = 0; i < 12; i++) await write(`f${i}`, 8_000 + 400 * i);
    await write('sub/inner', 2_000);
    await writeFile(join(source, 'none'), '');
  };
  const second = async () => {
    for (let i = 0; i < 6; i++) await write(`f${2 * i}`, 9_000);
    await rm(join(source, 'f1'));
  };
  return { folder, source, repository: join(folder, 'repository'), first, second };
}

/** A snapshot of all of it, as of the host `nas`. */
export const saveTree = (repository: Repository, source: string, more = {}) =>
  backup(repository, { paths: [source], clock: systemClock, version: 'test', host: 'nas', ...more });
