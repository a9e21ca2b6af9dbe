/**
 * Prepared statements by their text, least recently used first out. Keeps at most `limit`, so that
 * generated SQL cannot grow it for ever.
 */
import type { DriverConnection, DriverStatement } from './driver.js';

export class StatementCache {
  readonly #connection: DriverConnection;
  readonly #limit: number;
  readonly #statements = new Map<string, DriverStatement>();

  constructor(connection: DriverConnection, limit = 200) {
    this.#connection = connection;
    this.#limit = limit;
  }

  async get(sql: string): Promise<DriverStatement> {
    const known = this.#statements.get(sql);
    if (known !== undefined) {
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    await this.#evict();
    const statement = await this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Forgets a statement that failed: some bindings cannot reset one after an error. */
  async drop(sql: string): Promise<void> {
    const statement = this.#statements.get(sql);
    this.#statements.delete(sql);
    await statement?.finalize().catch(() => {});
  }

  async finalizeAll(): Promise<void> {
    const statements = [...this.#statements.values()];
    this.#statements.clear();
    // SQLite repeats the statement's last error from finalize; it was reported when it happened.
    for (const statement of statements) await statement.finalize().catch(() => {});
  }

  async #evict(): Promise<void> {
    if (this.#statements.size < this.#limit) return;
    const oldest = this.#statements.entries().next().value;
    if (oldest === undefined) return;
    this.#statements.delete(oldest[0]);
    await oldest[1].finalize().catch(() => {});
  }
}
