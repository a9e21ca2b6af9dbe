/** What every SQLite driver must do behind the database port. */
import { spawn } from 'node:child_process';
import { mkdir, open, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database, Migrations, OpenDatabaseOptions } from '../../core/db/database.js';
import { openDatabase } from '../../core/db/open.js';
import { temporaryFolder } from '../support/temporary-folder.js';

type DriverName = NonNullable<OpenDatabaseOptions['driver']>;

const schema: Migrations = [
  `CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value, blob BLOB);
   CREATE TABLE part (item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE RESTRICT)`,
];

const bundledWriter = new URL('../support/database-writer.mjs', import.meta.url).pathname;

export function databaseContract(driver: DriverName): void {
  const openFile = async (filePath: string, migrations: Migrations = schema): Promise<Database> => {
    const database = await openDatabase({ filePath, driver }, migrations);
    onTestFinished(() => database.close());
    return database;
  };
  const openFresh = async (): Promise<Database> =>
    openFile(join(await temporaryFolder('database'), 'a', 'test.db'));
  const names = async (database: Database) =>
    (await database.all<{ name: string }>('SELECT name FROM item ORDER BY id')).map((row) => row.name);

  describe('values', () => {
    it.each([
      ['null', null],
      ['zero', 0],
      ['a small integer', -7],
      ['a time in milliseconds', 1_790_000_000_123],
      ['the largest safe integer', Number.MAX_SAFE_INTEGER],
      ['a fraction', 0.1],
      ['the largest number', Number.MAX_VALUE],
      ['empty text', ''],
      ['text beyond the basic plane', 'Grüße 🚪 – "quoted"; -- \n'],
    ])('%s comes back as it went in', async (_, value) => {
      const database = await openFresh();
      await database.run('INSERT INTO item (name, value) VALUES (?, ?)', ['a', value]);
      const row = await database.get('SELECT value FROM item WHERE value IS ?', [value]);
      expect(row).toEqual({ value });
    });

    it.each([[0], [3], [100_000]])('a blob of %i bytes comes back as it went in', async (sizeBytes) => {
      const database = await openFresh();
      const blob = Uint8Array.from({ length: sizeBytes }, (_, i) => i & 255);
      await database.run('INSERT INTO item (name, blob) VALUES (?, ?)', ['a', blob]);
      const row = await database.get<{ blob: Uint8Array }>('SELECT blob FROM item');
      expect(row?.blob).toBeInstanceOf(Uint8Array);
      expect(Buffer.from(row!.blob).equals(blob)).toBe(true);
    });

    it('an integer in an INTEGER column is stored as one, however large', async () => {
      const database = await openFresh();
      await database.run('INSERT INTO item (id, name) VALUES (?, ?)', [1_790_000_000_123, 'a']);
      expect(await database.get('SELECT id, typeof(id) AS type FROM item')).toEqual({
        id: 1_790_000_000_123,
        type: 'integer',
      });
    });

    it('a look-up without a match gives undefined, a list without a match an empty list', async () => {
      const database = await openFresh();
      expect(await database.get('SELECT * FROM item WHERE id = ?', [1])).toBeUndefined();
      expect(await database.all('SELECT * FROM item')).toEqual([]);
    });

    it('run counts the rows that it changed', async () => {
      const database = await openFresh();
      await database.run('INSERT INTO item (name) VALUES (?), (?), (?)', ['a', 'b', 'c']);
      expect(await database.run('UPDATE item SET value = 1 WHERE name <> ?', ['a'])).toEqual({ changes: 2 });
      expect(await database.run('DELETE FROM item WHERE name = ?', ['z'])).toEqual({ changes: 0 });
    });

    it('goes on when more different statements come than the cache keeps', async () => {
      const database = await openFresh();
      for (let i = 0; i < 450; i++) {
        expect(await database.get(`SELECT ${i % 300} AS n`)).toEqual({ n: i % 300 });
      }
    });
  });

  it('its log does not grow with the number of writes, whatever was read meanwhile', async () => {
    const filePath = join(await temporaryFolder('database'), 'test.db');
    const database = await openDatabase({ filePath, driver, durability: 'normal' }, schema);
    await database.run(`INSERT INTO item (name) VALUES ('a'), ('b'), ('c')`);
    const text = 'x'.repeat(20_000);
    for (let i = 0; i < 700; i++) {
      await database.get('SELECT name FROM item');
      await database.run(`UPDATE item SET value = ? WHERE name = 'a'`, [`${i}${text}`]);
    }
    expect((await stat(`${filePath}-wal`)).size).toBeLessThan(8_000_000);
    await database.close();
  });

  describe('constraints', () => {
    it.each([
      ['unique', `INSERT INTO item (name) VALUES ('a')`],
      ['not null', 'INSERT INTO item (name) VALUES (NULL)'],
      ['foreign key', 'INSERT INTO part (item_id) VALUES (99)'],
    ])('a violated %s constraint is DATABASE_CONSTRAINT', async (_, sql) => {
      const database = await openFresh();
      await database.run(`INSERT INTO item (name) VALUES ('a')`);
      await expect(database.run(sql)).rejects.toMatchObject({
        code: 'DATABASE_CONSTRAINT',
        retryable: false,
      });
      await expect(database.run(sql)).rejects.toMatchObject({ code: 'DATABASE_CONSTRAINT' });
      expect(await names(database)).toEqual(['a']);
    });

    it('a statement that does not parse is DATABASE_FAILED', async () => {
      const database = await openFresh();
      await expect(database.run('INSERT INTO nowhere VALUES (1)')).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
      });
    });
  });

  describe('transactions', () => {
    it('a batch stores all or nothing', async () => {
      const database = await openFresh();
      const insert = 'INSERT INTO item (name) VALUES (?)';
      expect(
        await database.batch([
          { sql: insert, params: ['a'] },
          { sql: insert, params: ['b'] },
        ]),
      ).toEqual([{ changes: 1 }, { changes: 1 }]);
      const failing = database.batch([
        { sql: insert, params: ['c'] },
        { sql: insert, params: ['a'] },
      ]);
      await expect(failing).rejects.toMatchObject({ code: 'DATABASE_CONSTRAINT' });
      expect(await names(database)).toEqual(['a', 'b']);
    });

    it('rolls back when the work throws, and passes the error on', async () => {
      const database = await openFresh();
      const boom = new Error('boom');
      await expect(
        database.transaction(async (tx) => {
          await tx.run(`INSERT INTO item (name) VALUES ('a')`);
          throw boom;
        }),
      ).rejects.toBe(boom);
      expect(await names(database)).toEqual([]);
      await database.run(`INSERT INTO item (name) VALUES ('b')`);
      expect(await names(database)).toEqual(['b']);
    });

    it('lets no other call in between', async () => {
      const database = await openFresh();
      await database.run(`INSERT INTO item (name, value) VALUES ('n', 0)`);
      const increment = () =>
        database.transaction(async (tx) => {
          const row = await tx.get<{ value: number }>(`SELECT value FROM item WHERE name = 'n'`);
          await new Promise((resolve) => setImmediate(resolve));
          await tx.run(`UPDATE item SET value = ? WHERE name = 'n'`, [row!.value + 1]);
        });
      const outside = database.run(`INSERT INTO item (name) VALUES ('x')`);
      await Promise.all([...Array.from({ length: 20 }, increment), outside]);
      expect(await database.get(`SELECT value FROM item WHERE name = 'n'`)).toEqual({ value: 20 });
    });

    it('a call from outside does not take part in a transaction that rolls back', async () => {
      const database = await openFresh();
      let outside: Promise<unknown> = Promise.resolve();
      let started: () => void = () => {};
      const running = new Promise<void>((resolve) => {
        started = resolve;
      });
      const failing = database.transaction(async (tx) => {
        await tx.run(`INSERT INTO item (name) VALUES ('inside')`);
        started();
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('no');
      });
      const settled = expect(failing).rejects.toThrow('no');
      await running;
      outside = database.run(`INSERT INTO item (name) VALUES ('outside')`);
      await Promise.all([settled, outside]);
      expect(await names(database)).toEqual(['outside']);
    });

    it('keeps the order of statements that its work does not wait for', async () => {
      const database = await openFresh();
      await database.transaction(async (tx) => {
        const all = ['a', 'b', 'c', 'd'].map((name) => tx.run('INSERT INTO item (name) VALUES (?)', [name]));
        await Promise.all([...all, tx.all('SELECT * FROM item')]);
      });
      expect(await names(database)).toEqual(['a', 'b', 'c', 'd']);
    });

    it('refuses the database itself inside a transaction instead of waiting for ever', async () => {
      const database = await openFresh();
      await expect(
        database.transaction(() => database.run(`INSERT INTO item (name) VALUES ('a')`)),
      ).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
    });

    it('refuses its writer after the end', async () => {
      const database = await openFresh();
      const kept = await database.transaction(async (tx) => ({ tx }));
      await expect(kept.tx.run('DELETE FROM item')).rejects.toMatchObject({ code: 'DATABASE_CLOSED' });
    });
  });

  describe('lifetime', () => {
    it('close finishes what was asked for, refuses the rest, and may be called again', async () => {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      const database = await openFile(filePath);
      const writes = ['a', 'b', 'c'].map((name) =>
        database.run('INSERT INTO item (name) VALUES (?)', [name]),
      );
      const closing = database.close();
      await expect(database.get('SELECT 1')).rejects.toMatchObject({ code: 'DATABASE_CLOSED' });
      await Promise.all([...writes, closing, database.close()]);
      expect(await names(await openFile(filePath))).toEqual(['a', 'b', 'c']);
    });

    it('makes a file that only its owner reads', async () => {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      const database = await openFile(filePath);
      await database.run(`INSERT INTO item (name) VALUES ('a')`);
      for (const name of [filePath, `${filePath}-wal`]) {
        expect((await stat(name)).mode & 0o777).toBe(0o600);
      }
    });

    it('names the driver that serves it', async () => {
      expect((await openFresh()).driver).toBe(driver);
    });

    it('keeps everything acknowledged when it is killed in the middle of writing', async () => {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      for (let round = 0; round < 2; round++) {
        const acknowledged = await killWhileWriting(filePath, driver);
        const database = await openFile(filePath, [
          'CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL)',
        ]);
        const row = await database.get<{ last: number; count: number }>(
          'SELECT max(id) AS last, count(*) AS count FROM entry',
        );
        expect(acknowledged).toBeGreaterThan(0);
        expect(row!.last).toBeGreaterThanOrEqual(acknowledged);
        expect(row!.count).toBe(row!.last);
        expect(await database.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' });
        await database.close();
      }
    });

    it('ignores a lock folder that a killed process left', async () => {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      await mkdir(`${filePath}.lock`);
      const database = await openFile(filePath);
      await database.run(`INSERT INTO item (name) VALUES ('a')`);
      expect(await names(database)).toEqual(['a']);
    });
  });

  describe('damage', () => {
    it('a file that is no database is DATABASE_CORRUPT, and stays as it is', async () => {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      await writeFile(filePath, 'this is not a database at all. '.repeat(400));
      const sizeBytes = (await stat(filePath)).size;
      await expect(openFile(filePath)).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
      expect((await stat(filePath)).size).toBe(sizeBytes);
    });

    it('damaged pages are DATABASE_CORRUPT when they are read', async () => {
      const filePath = await filled();
      const file = await open(filePath, 'r+');
      for (let page = 1; page < 40; page++) {
        await file.write(Buffer.alloc(2_000, 0xa5), 0, 2_000, page * 4_096);
      }
      await file.close();
      const read = async () => (await openFile(filePath)).all('SELECT * FROM item ORDER BY name');
      await expect(read()).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
    });

    it('a file cut short is DATABASE_CORRUPT', async () => {
      const filePath = await filled();
      await truncate(filePath, 8_192);
      const read = async () => (await openFile(filePath)).all('SELECT * FROM item ORDER BY name');
      await expect(read()).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
    });

    it('a folder in the place of the file is DATABASE_FAILED with a hint', async () => {
      const folder = await temporaryFolder('database');
      await expect(openFile(folder)).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
        hint: expect.stringContaining('Check'),
      });
    });

    async function filled(): Promise<string> {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      const database = await openFile(filePath);
      const insert = 'INSERT INTO item (name, value) VALUES (?, ?)';
      await database.batch(
        Array.from({ length: 200 }, (_, i) => ({ sql: insert, params: [`n${i}`, 'x'.repeat(900)] })),
      );
      await database.close();
      return filePath;
    }
  });

  describe('migrations', () => {
    it('run once each, also over several openings', async () => {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      await (await openFile(filePath)).close();
      const more = [...schema, `INSERT INTO item (name) VALUES ('second')`];
      await (await openFile(filePath, more)).close();
      const database = await openFile(filePath, more);
      expect(await names(database)).toEqual(['second']);
      expect(await database.get('PRAGMA user_version')).toEqual({ user_version: 2 });
    });

    it('a step that fails leaves the file at the step before', async () => {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      const broken = [...schema, `INSERT INTO item (name) VALUES ('half'); INSERT INTO nowhere VALUES (1)`];
      await expect(openFile(filePath, broken)).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
      const database = await openFile(filePath);
      expect(await names(database)).toEqual([]);
      expect(await database.get('PRAGMA user_version')).toEqual({ user_version: 1 });
    });

    it('a file of a newer Gatehouse is DATABASE_TOO_NEW', async () => {
      const filePath = join(await temporaryFolder('database'), 'test.db');
      await (await openFile(filePath, [...schema, 'SELECT 1'])).close();
      await expect(openFile(filePath)).rejects.toMatchObject({
        code: 'DATABASE_TOO_NEW',
        context: { found: 2, known: 1 },
      });
    });
  });
}

/** Runs a process that writes rows 1, 2, 3... and says so after each; kills it. The last one said. */
async function killWhileWriting(filePath: string, driver: DriverName): Promise<number> {
  const child = spawn(process.execPath, ['--no-warnings', bundledWriter, filePath, driver], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (++lines === 60) child.kill('SIGKILL');
  }
  expect(lines).toBeGreaterThanOrEqual(60);
  return last;
}
