/**
 * Opens a SQLite file with the best driver that runs here, sets it up for safety (write-ahead log,
 * foreign keys, private file mode) and brings its schema up to date.
 * The caller holds the instance lock of the directory: one process per file.
 */
import { chmod, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../errors.js';
import { flushFolder, makePrivateFolder } from '../files.js';
import type { Database, Migrations, OpenDatabaseOptions } from './database.js';
import type { DriverConnection, DriverLoader, DriverModule } from './driver.js';
import { databaseDriverMissing, databaseFailed } from './errors.js';
import { migrate } from './migrate.js';
import { loadNodeSqlite } from './node-sqlite-driver.js';
import { SerialDatabase, wrapSqliteError } from './serial-database.js';
import { loadSqlite3 } from './sqlite3-driver.js';
import { loadWasm } from './wasm-driver.js';

/** Best first: native off-thread, native in Node, WebAssembly. */
const loaders: Readonly<Record<NonNullable<OpenDatabaseOptions['driver']>, DriverLoader>> = {
  sqlite3: loadSqlite3,
  'node:sqlite': loadNodeSqlite,
  wasm: loadWasm,
};

const busyTimeoutMs = 5_000;

/**
 * @throws DATABASE_CORRUPT, DATABASE_TOO_NEW, DATABASE_FULL, DATABASE_FAILED;
 * DATABASE_DRIVER_MISSING when the named driver (or every driver) cannot run here.
 */
export async function openDatabase(options: OpenDatabaseOptions, migrations: Migrations): Promise<Database> {
  const { filePath } = options;
  const driver = await chooseDriver(options.driver);
  await preparePrivateFile(filePath);
  let connection: DriverConnection;
  try {
    connection = await driver.connect(filePath);
  } catch (error) {
    throw wrapSqliteError(error, undefined, filePath);
  }
  const database = new SerialDatabase(driver.name, filePath, connection);
  try {
    for (const pragma of driver.firstPragmas) await database.exec(pragma);
    await database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    // Only a file without tables yet takes it: what is deleted can then be handed back to the disk.
    if (options.handsRoomBack) await database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    await database.exec('PRAGMA journal_mode = WAL');
    await database.exec(`PRAGMA synchronous = ${options.durability === 'normal' ? 'NORMAL' : 'FULL'}`);
    await database.exec('PRAGMA foreign_keys = ON');
    await migrate(database, migrations, filePath);
    return database;
  } catch (error) {
    await database.close().catch(() => {});
    throw error;
  }
}

async function chooseDriver(name: OpenDatabaseOptions['driver']): Promise<DriverModule> {
  const candidates = name === undefined ? Object.values(loaders) : [loaders[name]];
  for (const load of candidates) {
    const driver = await load();
    if (driver !== undefined) return driver;
  }
  throw databaseDriverMissing(name ?? 'any');
}

/** SQLite would create the file readable by all; its log and shared memory take the file's mode over. */
async function preparePrivateFile(filePath: string): Promise<void> {
  try {
    await makePrivateFolder(dirname(filePath));
    try {
      await (await open(filePath, 'wx', 0o600)).close();
      await flushFolder(dirname(filePath));
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      await chmod(filePath, 0o600);
    }
  } catch (error) {
    throw databaseFailed(error, filePath);
  }
}
