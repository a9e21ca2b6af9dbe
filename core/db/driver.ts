/**
 * What a SQLite binding must offer. Calls arrive one at a time, in order (`serial-database.ts` sees
 * to that), and foreign errors leave unwrapped: `describeFault` says what they mean.
 */
import type { SqlParams, SqlRow } from './database.js';

export interface DriverStatement {
  /** Runs to the end; the rows changed by the statement itself. */
  run(params: SqlParams): Promise<number>;
  /** The first row; the statement is reset, so that it holds no read lock afterwards. */
  get(params: SqlParams): Promise<SqlRow | undefined>;
  all(params: SqlParams): Promise<SqlRow[]>;
  finalize(): Promise<void>;
}

export interface DriverConnection {
  prepare(sql: string): Promise<DriverStatement>;
  /** A script of statements without parameters. */
  exec(script: string): Promise<void>;
  /** Every statement was finalised before. */
  close(): Promise<void>;
  /** The SQLite primary result code (19 for CONSTRAINT, 11 for CORRUPT...), or undefined. */
  resultCode(error: unknown): number | undefined;
}

export interface DriverModule {
  readonly name: 'sqlite3' | 'node:sqlite' | 'wasm';
  /** Statements that this driver wants first on a new connection. */
  readonly firstPragmas: readonly string[];
  connect(filePath: string): Promise<DriverConnection>;
}

/** Undefined when the driver cannot run here: package, binary or Node feature missing. */
export type DriverLoader = () => Promise<DriverModule | undefined>;
