/**
 * Runs that failed for good. Replayed, a run starts anew under its old id, so that whoever saw its
 * first effect can tell; discarded, it stays in the activity and leaves this list.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlWriter } from '../../core/db/database.js';
import type { DeadLetterChoice } from '../../core/wire/actions.js';
import type { RunView } from '../../core/wire/api.js';
import { type RunRow, runColumns, runViewOf } from './run-store.js';

/** Steps of a workflow are none: what becomes of them is the workflow's own business. */
const dead = `state = 'FAILED' AND discarded_ms IS NULL AND source_kind <> 'workflow'`;
/** One transaction must not hold up the clicks. */
const maxAtOnce = 1_000;

interface Queue {
  enqueue(id: string, functionName: string): void;
}

type Chosen = { id: string; function_name: string };

export class DeadLetters {
  readonly #database: Database;
  readonly #queue: Queue;
  readonly #clock: Clock;

  constructor(database: Database, queue: Queue, clock: Clock) {
    this.#database = database;
    this.#queue = queue;
    this.#clock = clock;
  }

  /** Newest first. */
  async list(limit: number): Promise<RunView[]> {
    const rows = await this.#database.all<RunRow>(
      `SELECT ${runColumns} FROM runs WHERE ${dead} ORDER BY n DESC LIMIT ?`,
      [limit],
    );
    return rows.map(runViewOf);
  }

  /** How many there are, by action. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.all<{ function_name: string; count: number }>(
      `SELECT function_name, count(*) AS count FROM runs WHERE ${dead} GROUP BY function_name`,
    );
    return new Map(rows.map((row) => [row.function_name, row.count]));
  }

  /**
   * Runs them anew, oldest first, at most 1,000 in one call.
   * @returns the ids of those that were in the list.
   */
  async replay(choice: DeadLetterChoice): Promise<string[]> {
    const chosen = await this.#change(
      choice,
      `UPDATE runs SET state = 'PENDING', failures = 0, replays = replays + 1, due_ms = NULL, error = NULL
       WHERE id = ?`,
      [],
    );
    for (const { id, function_name } of chosen) this.#queue.enqueue(id, function_name);
    return chosen.map(({ id }) => id);
  }

  /** Takes them off the list for good, at most 1,000 in one call. */
  async discard(choice: DeadLetterChoice): Promise<string[]> {
    const sql = 'UPDATE runs SET discarded_ms = ? WHERE id = ?';
    const chosen = await this.#change(choice, sql, [this.#clock.now()]);
    return chosen.map(({ id }) => id);
  }

  #change(choice: DeadLetterChoice, sql: string, before: readonly number[]): Promise<Chosen[]> {
    return this.#database.transaction(async (tx) => {
      const chosen = await this.#chosen(tx, choice);
      for (const { id } of chosen) await tx.run(sql, [...before, id]);
      return chosen;
    });
  }

  async #chosen(tx: SqlWriter, choice: DeadLetterChoice): Promise<Chosen[]> {
    const select = `SELECT id, function_name FROM runs WHERE ${dead}`;
    if ('all' in choice) return tx.all<Chosen>(`${select} ORDER BY n LIMIT ?`, [maxAtOnce]);
    if ('functionName' in choice) {
      const sql = `${select} AND function_name = ? ORDER BY n LIMIT ?`;
      return tx.all<Chosen>(sql, [choice.functionName, maxAtOnce]);
    }
    const rows: Chosen[] = [];
    for (const id of new Set(choice.runIds)) {
      rows.push(...(await tx.all<Chosen>(`${select} AND id = ?`, [id])));
    }
    return rows;
  }
}
