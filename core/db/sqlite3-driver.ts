/** SQLite through the `sqlite3` package: native, off the main thread. An optional dependency. */
import type { Database as NativeDatabase, Statement as NativeStatement } from 'sqlite3';
import type { SqlParams, SqlRow } from './database.js';
import type { DriverConnection, DriverModule, DriverStatement } from './driver.js';

type Sqlite3 = typeof import('sqlite3');
type Callback<T> = (error: Error | null, value?: T) => void;

export async function loadSqlite3(): Promise<DriverModule | undefined> {
  let sqlite3: Sqlite3;
  try {
    // A CommonJS package: its exports are the default. Throws when the binary is missing or too new.
    sqlite3 = ((await import('sqlite3')) as unknown as { default: Sqlite3 }).default;
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
        statement.run([...params], function (error) {
          if (error) reject(error);
          else resolve(this.changes);
        });
      }),
    async get(params: SqlParams) {
      try {
        return await settle<SqlRow | undefined>((done) => statement.get([...params], done));
      } finally {
        await settle<void>((done) => statement.reset(done));
      }
    },
    all: (params) => settle<SqlRow[]>((done) => statement.all([...params], done)),
    finalize: () => settle<void>((done) => statement.finalize(done)),
  };
}

function settle<T>(call: (done: Callback<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
