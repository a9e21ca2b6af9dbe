/**
 * Many rows with few statements. The number of rows in a statement is a power of two, so that each text is
 * prepared once and kept, and any number of rows takes few of them.
 */
import type { SqlStatement, SqlValue } from '../../core/db/database.js';

const sizes = [256, 128, 64, 32, 16, 8, 4, 2, 1] as const;

/** `head` ends before VALUES, `tail` is what follows the rows; `columns` is the number of values of a row. */
export class MultiRow<T> {
  readonly #columns: number;
  readonly #write: (row: T, params: SqlValue[]) => void;
  readonly #texts: ReadonlyMap<number, string>;

  constructor(
    parts: { readonly head: string; readonly columns: number; readonly tail: string },
    write: (row: T, params: SqlValue[]) => void,
  ) {
    this.#columns = parts.columns;
    this.#write = write;
    const row = `(${Array.from({ length: parts.columns }, () => '?').join(',')})`;
    this.#texts = new Map(
      sizes.map((size) => [
        size,
        `${parts.head} VALUES ${Array.from({ length: size }, () => row).join(',')} ${parts.tail}`,
      ]),
    );
  }

  *statements(rows: readonly T[]): Generator<SqlStatement> {
    let at = 0;
    for (const size of sizes) {
      for (; rows.length - at >= size; at += size) {
        const params: SqlValue[] = [];
        for (let index = at; index < at + size; index++) this.#write(rows[index] as T, params);
        if (params.length !== size * this.#columns) throw new RangeError('a row has other columns');
        yield { sql: this.#texts.get(size) ?? '', params };
      }
    }
  }
}
