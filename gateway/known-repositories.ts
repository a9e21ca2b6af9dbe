/**
 * Remembers which repositories this gateway has used, by location, so that it makes a new one only
 * where it never had one: a disk that is not mounted must not be answered with an empty repository.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { systemCode } from '../core/errors.js';
import { writeFileDurably } from '../core/files.js';
import { stateDamaged } from './job-errors.js';

const known = z.object({ version: z.literal(1), repositories: z.record(z.string(), z.string()) });

export class KnownRepositories {
  readonly #filePath: string;
  readonly #ids: Map<string, string>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(filePath: string, ids: Map<string, string>) {
    this.#filePath = filePath;
    this.#ids = ids;
  }

  /** @throws STATE_DAMAGED: without its memory the gateway must not make repositories. */
  static async open(filePath: string): Promise<KnownRepositories> {
    try {
      const { repositories } = known.parse(JSON.parse(await readFile(filePath, 'utf8')));
      return new KnownRepositories(filePath, new Map(Object.entries(repositories)));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return new KnownRepositories(filePath, new Map());
      throw stateDamaged(filePath, error);
    }
  }

  has(location: string): boolean {
    return this.#ids.has(location);
  }

  /** Durable when it resolves. */
  async remember(location: string, repositoryId: string): Promise<void> {
    if (this.#ids.get(location) === repositoryId) return;
    this.#ids.set(location, repositoryId);
    const text = JSON.stringify({ version: 1, repositories: Object.fromEntries(this.#ids) }, null, 2);
    this.#writing = this.#writing.catch(() => {}).then(() => writeFileDurably(this.#filePath, `${text}\n`));
    await this.#writing;
  }
}
