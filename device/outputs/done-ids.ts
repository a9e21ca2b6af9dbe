/**
 * Ids of commands that were begun, kept over restarts: each is carried out at most once. An id is on
 * disk before its command begins; a power cut in between costs that one command and never doubles it.
 */
import { readFile } from 'node:fs/promises';
import { writeFileDurably } from '../../core/files.js';
import type { Logger } from '../../core/log.js';

const remembered = 200;

export class DoneIds {
  readonly #filePath: string;
  #ids: Set<string>;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(filePath: string, ids: Set<string>) {
    this.#filePath = filePath;
    this.#ids = ids;
  }

  /** A file that cannot be read counts as empty, and is said. */
  static async open(filePath: string, log: Logger): Promise<DoneIds> {
    const text = await readFile(filePath, 'utf8').catch(() => undefined);
    if (text === undefined) return new DoneIds(filePath, new Set());
    try {
      const ids = JSON.parse(text) as unknown;
      if (!Array.isArray(ids)) throw new Error('not a list');
      return new DoneIds(filePath, new Set(ids.map(String)));
    } catch (error) {
      log.error('ids of earlier commands are unreadable, starting a new list', { filePath, error });
      return new DoneIds(filePath, new Set());
    }
  }

  /** False when the id was claimed before. @throws the file system's error: then it must not run. */
  claim(id: string): Promise<boolean> {
    const claimed = this.#tail.then(() => this.#claim(id));
    this.#tail = claimed.catch(() => {});
    return claimed;
  }

  async #claim(id: string): Promise<boolean> {
    if (this.#ids.has(id)) return false;
    const ids = [...this.#ids, id].slice(-remembered);
    await writeFileDurably(this.#filePath, JSON.stringify(ids));
    this.#ids = new Set(ids);
    return true;
  }
}
