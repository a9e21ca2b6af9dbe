/** SQLite through the `sqlite3` package: native, off the main thread. An optional dependency. */
import type { SqlParams, SqlRow, SqlValue } from './database.js';
import type { DriverConnection, DriverModule, DriverStatement } from './driver.js';

type Callback<T> = (error: Error | null, value?: T) => void;
type Values = readonly SqlValue[];

/** What is used of the package; stated here, so that this compiles where it is not installed. */
interface NativeStatement {
  run(params: Values, done: (this: { readonly changes: number }, error: Error | null) => void): unknown;
  all(params: Values, done: Callback<SqlRow[]>): unknown;
  finalize(done: Callback<void>): unknown;
}

interface NativeDatabase {
  prepare(sql: string, done: Callback<void>): NativeStatement;
  exec(script: string, done: Callback<void>): unknown;
  close(done: Callback<void>): unknown;
}

interface Sqlite3 {
  readonly Database: new (filePath: string, done: Callback<void>) => NativeDatabase;
}

/** Not a literal, so that the compiler does not look the package up. */
const packageName: string = 'sqlite3';

export async function loadSqlite3(): Promise<DriverModule | undefined> {
  let sqlite3: Sqlite3;
  try {
    // A CommonJS package: its exports are the default. Throws when the binary is missing or too new.
    sqlite3 = ((await import(packageName)) as { default: Sqlite3 }).default;
  } catch {
    return undefined;
  }
  return { name: 'sqlite3', firstPragmas: [], connect: (filePath) => connect(sqlite3, filePath) };
}

async function connect(sqlite3: Sqlite3, filePath: string): Promise<DriverConnection> {
  let database: NativeDatabase | undefined;
  await settle<void>((done) => {
    database = new sqlite3.Database(filePath, done);
  });
  const opened = database as NativeDatabase;
  return {
    async prepare(sql) {
      let statement: NativeStatement | undefined;
      await settle<void>((done) => {
        statement = opened.prepare(sql, done);
      });
      return wrap(statement as NativeStatement);
    },
    exec: (script) => settle<void>((done) => opened.exec(script, done)),
    close: () => settle<void>((done) => opened.close(done)),
    resultCode: (error) =>
      error instanceof Error && 'errno' in error && typeof error.errno === 'number'
        ? error.errno & 0xff
        : undefined,
  };
}

function wrap(statement: NativeStatement): DriverStatement {
  return {
    run: (params) =>
      new Promise((resolve, reject) => {
        statement.run(params, function (error) {
          if (error) reject(error);
          else resolve(this.changes);
        });
      }),
    // Not the binding's `get`: it leaves the statement standing on its row, and a reset would be a second
    // trip to the other thread.
    get: async (params: SqlParams) => (await settle<SqlRow[]>((done) => statement.all(params, done)))[0],
    all: (params) => settle<SqlRow[]>((done) => statement.all(params, done)),
    finalize: () => settle<void>((done) => statement.finalize(done)),
  };
}

function settle<T>(call: (done: Callback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
