/** A folder for spool files that goes with its owner; those that dead processes left are removed. */
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { getuid } from 'node:process';
import type { Clock } from '../../core/clock.js';
import { makePrivateFolder } from '../../core/files.js';
import type { Closeable } from '../../core/lifecycle.js';
import { spoolUnusable } from '../errors.js';
import { isRunning } from './process-check.js';

const usualPrefix = 'spool-';
/** A process of another container may look dead from here; its folder changes all the time. */
const untouchedForMs = 60 * 60_000;

export class SpoolFolder implements Closeable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * @param prefix of its name, in a parent that others use too.
   * @throws SPOOL_UNUSABLE.
   */
  static async open(parent: string, clock: Clock, prefix = usualPrefix): Promise<SpoolFolder> {
    try {
      return await SpoolFolder.#make(parent, clock, prefix);
    } catch (error) {
      throw spoolUnusable(parent, error);
    }
  }

  static async #make(parent: string, clock: Clock, prefix: string): Promise<SpoolFolder> {
    await makePrivateFolder(parent);
    await removeAbandoned(parent, clock, prefix);
    // The process id tells later runs whose folder it is.
    return new SpoolFolder(await mkdtemp(join(parent, `${prefix}${process.pid}-`)));
  }

  async close(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The spool folder of workers, made when first asked for: beside the packs' own place where there is one. */
export class PackSpool implements Closeable {
  readonly #parents: readonly string[];
  readonly #clock: Clock;
  #folder: Promise<SpoolFolder> | undefined;

  /** @param parents in order of preference; the last must be usable. */
  constructor(parents: readonly string[], clock: Clock) {
    this.#parents = parents;
    this.#clock = clock;
  }

  async path(): Promise<string> {
    this.#folder ??= this.#open();
    return (await this.#folder).path;
  }

  async close(): Promise<void> {
    await (await this.#folder?.catch(() => undefined))?.close();
  }

  async #open(): Promise<SpoolFolder> {
    for (const parent of this.#parents.slice(0, -1)) {
      try {
        return await SpoolFolder.open(parent, this.#clock);
      } catch {
        // A place that cannot be written to here; the next one costs a copy, no more.
      }
    }
    return SpoolFolder.open(this.#parents.at(-1) ?? '.', this.#clock);
  }
}

async function removeAbandoned(parent: string, clock: Clock, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    const path = join(parent, name);
    const found = await lstat(path).catch(() => undefined);
    // In a folder that all may write to, another user's is not ours to walk into.
    if (!found?.isDirectory() || found.uid !== getuid?.()) continue;
    if (clock.now() - found.mtimeMs > untouchedForMs) await rm(path, { recursive: true, force: true });
  }
}
