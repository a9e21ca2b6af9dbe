import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../core/db/open.js';
import { databaseContract } from '../../contracts/database.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

function has(module: string): boolean {
  try {
    createRequire(import.meta.url)(module);
    return true;
  } catch {
    return false;
  }
}

const nodeSqlite = has('node:sqlite');
const sqlite3 = has('sqlite3');

describe.skipIf(!sqlite3)(`sqlite3${sqlite3 ? '' : ' (skipped: its binary is not installed)'}`, () =>
  databaseContract('sqlite3'),
);
describe.skipIf(!nodeSqlite)(
  `node:sqlite${nodeSqlite ? '' : ` (skipped: Node ${process.versions.node} has none)`}`,
  () => databaseContract('node:sqlite'),
);
describe('wasm', () => databaseContract('wasm'));

describe('openDatabase', () => {
  it('takes the best driver that runs here', async () => {
    const filePath = join(await temporaryFolder(), 'test.db');
    const database = await openDatabase({ filePath }, []);
    expect(database.driver).toBe(sqlite3 ? 'sqlite3' : nodeSqlite ? 'node:sqlite' : 'wasm');
    await database.close();
  });

  // Two drivers are needed; the wasm one alone has nothing to share with.
  it.skipIf(!sqlite3)('opens with one driver what another has written', async () => {
    const filePath = join(await temporaryFolder(), 'test.db');
    const schema = ['CREATE TABLE t (a TEXT)'];
    for (const driver of ['sqlite3', 'wasm', 'sqlite3', 'wasm'] as const) {
      const database = await openDatabase({ filePath, driver }, schema);
      await database.run('INSERT INTO t VALUES (?)', [driver]);
      await database.close();
    }
    const database = await openDatabase({ filePath }, schema);
    expect(await database.all('SELECT a FROM t')).toEqual(
      ['sqlite3', 'wasm', 'sqlite3', 'wasm'].map((a) => ({ a })),
    );
    await database.close();
  });

  // The one driver that a version of Node can lack for certain; later versions have them all.
  it.skipIf(nodeSqlite)('a driver that is asked for by name and missing is refused', async () => {
    const filePath = join(await temporaryFolder(), 'test.db');
    await expect(openDatabase({ filePath, driver: 'node:sqlite' }, [])).rejects.toMatchObject({
      code: 'DATABASE_DRIVER_MISSING',
    });
  });
});
