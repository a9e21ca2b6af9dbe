/**
 * The database port over any driver: one queue, so that calls run in the order they were made and
 * nothing gets between the statements of a transaction. Wraps every foreign error.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { GatehouseError } from '../errors.js';
import type { Database, SqlParams, SqlResult, SqlRow, SqlStatement, SqlWriter } from './database.js';
import type { DriverConnection } from './driver.js';
import {
  databaseClosed,
  databaseConstraint,
  databaseCorrupt,
  databaseFailed,
  databaseFull,
} from './errors.js';
import { StatementCache } from './statement-cache.js';

/** Open while the transaction's work runs; `tail` is the last statement that it asked for. */
interface Scope {
  open: boolean;
  tail: Promise<unknown>;
}

export class SerialDatabase implements Database {
  readonly driver: string;
  readonly #filePath: string;
  readonly #connection: DriverConnection;
  readonly #statements: StatementCache;
  readonly #scope = new AsyncLocalStorage<Scope>();
  #tail: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(driver: string, filePath: string, connection: DriverConnection) {
    this.driver = driver;
    this.#filePath = filePath;
    this.#connection = connection;
    this.#statements = new StatementCache(connection);
  }

  get<T extends SqlRow = SqlRow>(sql: string, params: SqlParams = []): Promise<T | undefined> {
    return this.#enqueue(() => this.#get<T>(sql, params));
  }

  all<T extends SqlRow = SqlRow>(sql: string, params: SqlParams = []): Promise<T[]> {
    return this.#enqueue(() => this.#all<T>(sql, params));
  }

  run(sql: string, params: SqlParams = []): Promise<SqlResult> {
    return this.#enqueue(() => this.#run(sql, params));
  }

  exec(script: string): Promise<void> {
    return this.#enqueue(() => this.#wrap(() => this.#connection.exec(script)));
  }

  async batch(statements: readonly SqlStatement[]): Promise<SqlResult[]> {
    if (statements.length === 0) return [];
    return this.#enqueue(() => this.#bracket(() => this.#runAll(statements)));
  }

  transaction<T>(work: (tx: SqlWriter) => Promise<T>): Promise<T> {
    return this.#enqueue(() => this.#transact(work));
  }

  close(): Promise<void> {
    this.#closing ??= this.#tail.then(() => this.#shut());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shut(): Promise<void> {
    await this.#statements.finalizeAll();
    await this.#wrap(() => this.#connection.close());
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(databaseClosed());
    if (this.#scope.getStore()?.open) {
      // It would wait for the transaction that waits for it.
      const message = 'A transaction called the database itself; it must use its own "tx".';
      return Promise.reject(new GatehouseError('DATABASE_FAILED', message));
    }
    const done = this.#tail.then(task);
    this.#tail = done.catch(() => {});
    return done;
  }

  async #transact<T>(work: (tx: SqlWriter) => Promise<T>): Promise<T> {
    const scope: Scope = { open: true, tail: Promise.resolve() };
    return this.#bracket(async () => {
      try {
        return await this.#scope.run(scope, () => work(this.#writer(scope)));
      } finally {
        await endScope(scope);
        // While it is in use, every promise of the process costs more.
        this.#scope.disable();
      }
    });
  }

  async #bracket<T>(work: () => Promise<T>): Promise<T> {
    await this.#run('BEGIN IMMEDIATE', []);
    try {
      const result = await work();
      await this.#run('COMMIT', []);
      return result;
    } catch (error) {
      // Fails when SQLite rolled back by itself (disk full, I/O error); the first error counts.
      await this.#run('ROLLBACK', []).catch(() => {});
      throw error;
    }
  }

  async #runAll(statements: readonly SqlStatement[]): Promise<SqlResult[]> {
    const results: SqlResult[] = [];
    for (const { sql, params } of statements) results.push(await this.#run(sql, params ?? []));
    return results;
  }

  #writer(scope: Scope): SqlWriter {
    const ordered = <T>(task: () => Promise<T>): Promise<T> => {
      if (!scope.open) return Promise.reject(databaseClosed('transaction'));
      const done = scope.tail.then(task);
      scope.tail = done.catch(() => {});
      return done;
    };
    return {
      get: <T extends SqlRow>(sql: string, params: SqlParams = []) =>
        ordered(() => this.#get<T>(sql, params)),
      all: <T extends SqlRow>(sql: string, params: SqlParams = []) =>
        ordered(() => this.#all<T>(sql, params)),
      run: (sql, params = []) => ordered(() => this.#run(sql, params)),
    };
  }

  #get<T extends SqlRow>(sql: string, params: SqlParams): Promise<T | undefined> {
    return this.#wrap(
      async () => (await (await this.#statements.get(sql)).get(params)) as T | undefined,
      sql,
    );
  }

  #all<T extends SqlRow>(sql: string, params: SqlParams): Promise<T[]> {
    return this.#wrap(async () => (await (await this.#statements.get(sql)).all(params)) as T[], sql);
  }

  #run(sql: string, params: SqlParams): Promise<SqlResult> {
    return this.#wrap(async () => ({ changes: await (await this.#statements.get(sql)).run(params) }), sql);
  }

  async #wrap<T>(call: () => Promise<T>, sql?: string): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (sql !== undefined) await this.#statements.drop(sql);
      throw wrapSqliteError(error, this.#connection.resultCode(error), this.#filePath, sql);
    }
  }
}

/** No statement may come after, and those that nobody waited for end first. */
async function endScope(scope: Scope): Promise<void> {
  scope.open = false;
  await scope.tail;
}

/** SQLite's primary result codes (sqlite.org/rescode.html) as errors of ours. */
export function wrapSqliteError(
  error: unknown,
  resultCode: number | undefined,
  filePath: string,
  sql?: string,
): GatehouseError {
  switch (resultCode) {
    case 19: // CONSTRAINT
    case 20: // MISMATCH
      return databaseConstraint(error, sql);
    case 13: // FULL
      return databaseFull(error, sql);
    case 11: // CORRUPT
    case 26: // NOTADB
      return databaseCorrupt(error, filePath);
    case 5: // BUSY
    case 6: // LOCKED
      return databaseFailed(error, filePath, true);
    default:
      return databaseFailed(error, filePath);
  }
}
