/**
 * SQLite in WebAssembly: runs everywhere, needs no compiler, is synchronous. It has no shared memory,
 * so its write-ahead log works in exclusive locking mode only: one process per file, as the port has
 * it anyway. Its lock is the folder `FILE.lock`, which `kill -9` leaves behind.
 */
import { rm } from 'node:fs/promises';
import type { BindValues, Database as WasmDatabase } from 'node-sqlite3-wasm';
import { messageOf } from '../errors.js';
import type { SqlParams, SqlRow } from './database.js';
import type { DriverConnection, DriverModule } from './driver.js';

type Wasm = typeof import('node-sqlite3-wasm');

export async function loadWasm(): Promise<DriverModule | undefined> {
  let wasm: Wasm;
  try {
    wasm = ((await import('node-sqlite3-wasm')) as unknown as { default: Wasm }).default;
  } catch {
    return undefined;
  }
  return {
    name: 'wasm',
    firstPragmas: ['PRAGMA locking_mode = EXCLUSIVE'],
    async connect(filePath) {
      // The caller holds the instance lock of the directory, so a lock found here is a dead process's.
      await rm(`${filePath}.lock`, { recursive: true, force: true });
      return wrap(new wasm.Database(filePath));
    },
  };
}

function wrap(database: WasmDatabase): DriverConnection {
  return {
    async prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: async (params) => statement.run(bind(params)).changes,
        // Not `get`: it would leave the statement standing on its row, and the log could not be
        // checkpointed while it stands there.
        get: async (params) => (statement.all(bind(params)) as SqlRow[])[0],
        all: async (params) => statement.all(bind(params)) as SqlRow[],
        finalize: async () => statement.finalize(),
      };
    },
    exec: async (script) => database.exec(script),
    close: async () => database.close(),
    resultCode,
  };
}

function bind(params: SqlParams): BindValues {
  return [...params];
}

/** The binding hands out SQLite's message only; these are its fixed English texts (main.c, vdbe.c). */
const messages: readonly (readonly [RegExp, number])[] = [
  [/constraint failed|cannot store .* value in .* column|datatype mismatch/i, 19],
  [/database disk image is malformed|malformed database schema/i, 11],
  [/file is not a database/i, 26],
  [/database or disk is full/i, 13],
  [/database is locked|database table is locked/i, 5],
];

function resultCode(error: unknown): number | undefined {
  const message = messageOf(error);
  return messages.find(([pattern]) => pattern.test(message))?.[1];
}
