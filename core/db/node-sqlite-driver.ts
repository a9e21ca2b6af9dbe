/** SQLite as Node 22.13 and newer bring it (`node:sqlite`). Synchronous: short statements only. */
import { createRequire } from 'node:module';
import type { SqlParams, SqlRow, SqlValue } from './database.js';
import type { DriverConnection, DriverModule } from './driver.js';

/** The part of `node:sqlite` used here; the type package for Node 20 does not know the module. */
interface NodeSqlite {
  DatabaseSync: new (filePath: string) => NodeDatabase;
}
interface NodeDatabase {
  prepare(sql: string): NodeStatement;
  exec(script: string): void;
  close(): void;
}
interface NodeStatement {
  run(...params: (SqlValue | bigint)[]): { changes: number | bigint };
  get(...params: (SqlValue | bigint)[]): SqlRow | undefined;
  all(...params: (SqlValue | bigint)[]): SqlRow[];
}

export async function loadNodeSqlite(): Promise<DriverModule | undefined> {
  let module: NodeSqlite;
  try {
    module = createRequire(import.meta.url)('node:sqlite') as NodeSqlite;
  } catch {
    return undefined;
  }
  return {
    name: 'node:sqlite',
    firstPragmas: [],
    connect: async (filePath) => wrap(new module.DatabaseSync(filePath)),
  };
}

function wrap(database: NodeDatabase): DriverConnection {
  return {
    async prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: async (params) => Number(statement.run(...bind(params)).changes),
        get: async (params) => statement.get(...bind(params)),
        all: async (params) => statement.all(...bind(params)),
        // There is no call for it: the statement goes with the garbage collector or the connection.
        finalize: async () => {},
      };
    },
    exec: async (script) => database.exec(script),
    close: async () => database.close(),
    resultCode: (error) =>
      error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
        ? error.errcode & 0xff
        : undefined,
  };
}

/** `node:sqlite` binds every number as REAL; a bigint is bound as INTEGER, as other drivers do. */
function bind(params: SqlParams): (SqlValue | bigint)[] {
  return params.map((value) => (Number.isSafeInteger(value) ? BigInt(value as number) : value));
}
