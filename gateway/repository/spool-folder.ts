/** A folder for spool files that goes with its owner; those that dead processes left are removed. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { makePrivateFolder } from '../../core/files.js';
import type { Closeable } from '../../core/lifecycle.js';
import { isRunning } from './process-check.js';

const prefix = 'spool-';
/** A process of another container may look dead from here; its folder changes all the time. */
const untouchedForMs = 60 * 60_000;

export class SpoolFolder implements Closeable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async open(parent: string, clock: Clock): Promise<SpoolFolder> {
    await makePrivateFolder(parent);
    await removeAbandoned(parent, clock);
    // The process id tells later runs whose folder it is.
    return new SpoolFolder(await mkdtemp(join(parent, `${prefix}${process.pid}-`)));
  }

  async close(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function removeAbandoned(parent: string, clock: Clock): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(/^spool-(\d+)-/.exec(name)?.[1]);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    const path = join(parent, name);
    const touchedMs = await stat(path).then(
      (stats) => stats.mtimeMs,
      () => undefined,
    );
    if (touchedMs !== undefined && clock.now() - touchedMs > untouchedForMs) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
