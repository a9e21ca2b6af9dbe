// Writes rows to a database as fast as it takes them and prints the number of each acknowledged one.
// Run by the database contract, which kills it. Uses the compiled library.
import { writeSync } from 'node:fs';
import { openDatabase } from '../../dist/core/db/open.js';

const [filePath, driver] = process.argv.slice(2);
const database = await openDatabase({ filePath, driver }, [
  'CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL)',
]);
const row = await database.get('SELECT coalesce(max(id), 0) AS last FROM entry');
for (let id = row.last + 1; ; id++) {
  await database.run('INSERT INTO entry (id, text) VALUES (?, ?)', [id, 'x'.repeat(500)]);
  writeSync(1, `${id}\n`);
}
