/**
 * Runs one gateway command as a process of its own, so that tests can measure and kill it.
 *   node gateway-worker.mjs backup|restore|init REPOSITORY PATH
 * Prints a line per progress event with the bytes done, then one of JSON with the result and the
 * peak of resident memory.
 */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const built = new URL('../../dist/', import.meta.url);
const load = (path) => import(new URL(path, built));
const { systemClock } = await load('core/clock.js');
const { Secret } = await load('core/secret.js');
const { DirectoryBucket } = await load('gateway/bucket/directory.js');
const { Repository } = await load('gateway/repository/repository.js');
const { backup } = await load('gateway/commands/backup.js');
const { restore } = await load('gateway/commands/restore.js');

const [command, folder, path] = process.argv.slice(2);
const temporaryFolder = join(folder, '..', `spool-${process.pid}`);
await mkdir(temporaryFolder, { recursive: true });
const repository = await Repository.open({
  bucket: new DirectoryBucket(folder, { clock: systemClock }),
  password: new Secret('correct horse battery staple'),
  temporaryFolder,
  clock: systemClock,
});
const onProgress = (event) => {
  if (event.type === 'progress') process.stdout.write(`progress ${event.bytesDone}\n`);
};
const common = { clock: systemClock, version: 'test' };
const result =
  command === 'backup'
    ? await backup(repository, { ...common, paths: [path] }, onProgress)
    : await restore(repository, { ...common, snapshot: 'latest', target: path, verify: true }, onProgress);
await repository.close();
const peakKiB = Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
process.stdout.write(`${JSON.stringify({ ...result, peakBytes: peakKiB * 1024 })}\n`);
