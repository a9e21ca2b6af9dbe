/**
 * Counters of a device, kept by name: meter pulses, parts made, visitors. Each change is one statement
 * that the database adds up, so that none is lost, however many writers there are.
 */
import type { Database, SqlRow } from '../../core/db/database.js';
import { thingUnknown } from '../registry/errors.js';
import { counterOutOfRange } from './errors.js';

export class Counters {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By name of the counter, at most 1,000. */
  async list(thing: string): Promise<Record<string, number>> {
    const rows = await this.#database.all(
      'SELECT name, value FROM thing_counter WHERE thing = ? ORDER BY name LIMIT 1000',
      [thing],
    );
    return Object.fromEntries(rows.map((row) => [String(row['name']), Number(row['value'])]));
  }

  /**
   * Adds `by`, which may be negative, to a counter that begins at 0. Returns the value after it.
   * @throws THING_UNKNOWN, COUNTER_OUT_OF_RANGE
   */
  add(thing: string, name: string, by: number): Promise<number> {
    return this.#database.transaction(async (tx) => {
      if ((await tx.get('SELECT 1 FROM thing WHERE name = ?', [thing])) === undefined)
        throw thingUnknown(thing);
      await tx.run(
        `INSERT INTO thing_counter (thing, name, value) VALUES (?, ?, ?)
         ON CONFLICT (thing, name) DO UPDATE SET value = value + excluded.value`,
        [thing, name, by],
      );
      const row = await tx.get<SqlRow & { value: number }>(
        'SELECT value FROM thing_counter WHERE thing = ? AND name = ?',
        [thing, name],
      );
      const value = row?.value ?? 0;
      if (!Number.isSafeInteger(value)) throw counterOutOfRange(name);
      return value;
    });
  }
}
