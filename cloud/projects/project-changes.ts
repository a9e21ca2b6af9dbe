/**
 * Changes run one after the other: each checks memory, writes conditionally, then changes memory, so
 * that what was checked still holds when it is written.
 */
import type { Database, SqlStatement, SqlWriter } from '../../core/db/database.js';
import { projectChanged } from './errors.js';

export class ProjectChanges {
  readonly #database: Database;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => {});
    return done;
  }

  /**
   * In one transaction: each statement must change exactly one row; then `also`.
   * @throws PROJECT_CHANGED when another writer was there first, and what `also` throws
   */
  async write(statements: readonly SqlStatement[], also?: (tx: SqlWriter) => Promise<void>): Promise<void> {
    await this.#database.transaction(async (tx) => {
      for (const { sql, params } of statements) {
        const { changes } = await tx.run(sql, params);
        if (changes !== 1) throw projectChanged();
      }
      await also?.(tx);
    });
  }
}
