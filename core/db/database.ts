/**
 * The database port. SQLite behind it has several drivers (see `open.ts`); a contract suite holds
 * them to the same behaviour. One connection per file, one writing process per file.
 */
import type { Closeable } from '../lifecycle.js';

/**
 * What a column holds. 64-bit integers beyond 2^53 are not supported: store them as text. Text must
 * not hold U+0000: SQLite ends it there. A number beyond 32 bits may be bound as REAL; a column of
 * type INTEGER makes it an integer again, and integer arithmetic on `?` needs `CAST(? AS INTEGER)`.
 */
export type SqlValue = null | number | string | Uint8Array;
export type SqlParams = readonly SqlValue[];
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface SqlStatement {
  /** One statement with `?` placeholders. The text is the key of the prepared-statement cache. */
  readonly sql: string;
  readonly params?: SqlParams;
}

export interface SqlResult {
  /** Rows inserted, updated or deleted by the statement itself. */
  readonly changes: number;
}

export interface SqlReader {
  /** The first row, or undefined. */
  get<T extends SqlRow = SqlRow>(sql: string, params?: SqlParams): Promise<T | undefined>;
  /** Every row; the caller bounds it with LIMIT. */
  all<T extends SqlRow = SqlRow>(sql: string, params?: SqlParams): Promise<T[]>;
}

export interface SqlWriter extends SqlReader {
  /** Runs one statement; durable when it resolves, unless it is inside a transaction. */
  run(sql: string, params?: SqlParams): Promise<SqlResult>;
}

/**
 * All calls are serialised in the order they were made. Statements are prepared once and reused.
 *
 * Every method: @throws DATABASE_CONSTRAINT on a violated constraint, DATABASE_FULL when the disk
 * is full, DATABASE_CORRUPT when the file is damaged, DATABASE_CLOSED after `close`,
 * DATABASE_FAILED otherwise.
 */
export interface Database extends SqlWriter, Closeable {
  /** Which driver serves it: `sqlite3`, `node:sqlite` or `wasm`. */
  readonly driver: string;
  /** Runs all statements in one transaction: all or none, durable (fsync) when it resolves. */
  batch(statements: readonly SqlStatement[]): Promise<SqlResult[]>;
  /**
   * Runs `work` in one transaction that no other call on this database gets between.
   * Rolls back when `work` throws. `work` must use `tx` only.
   */
  transaction<T>(work: (tx: SqlWriter) => Promise<T>): Promise<T>;
  /** Runs a script of several statements without parameters, for schema changes. */
  exec(script: string): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly filePath: string;
  /**
   * `full`: a commit survives a power cut (fsync per commit). `normal`: it survives `kill -9`, and a
   * power cut may take the last commits, never the file. Default `full`.
   */
  readonly durability?: 'full' | 'normal';
  /** A new file is made so that `PRAGMA incremental_vacuum` makes it smaller. */
  readonly handsRoomBack?: boolean;
  /** Names a driver instead of taking the best available one. */
  readonly driver?: 'sqlite3' | 'node:sqlite' | 'wasm';
}

/** Schema steps in order; step n brings `user_version` from n to n+1. Never edit a shipped one. */
export type Migrations = readonly string[];
