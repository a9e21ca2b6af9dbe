/**
 * Brings a file's schema up to date, one transaction per step, so that a crash between two steps
 * leaves a valid file at the step it had reached. Never goes back.
 */
import type { Database, Migrations } from './database.js';
import { databaseTooNew } from './errors.js';

/** @throws DATABASE_TOO_NEW when a newer Gatehouse wrote the file. */
export async function migrate(database: Database, migrations: Migrations, filePath: string): Promise<void> {
  const row = await database.get<{ user_version: number }>('PRAGMA user_version');
  const found = row?.user_version ?? 0;
  if (found > migrations.length) throw databaseTooNew(filePath, found, migrations.length);
  for (const [index, step] of migrations.entries()) {
    if (index < found) continue;
    try {
      await database.exec(`BEGIN IMMEDIATE;\n${step};\nPRAGMA user_version = ${index + 1};\nCOMMIT;`);
    } catch (error) {
      await database.exec('ROLLBACK').catch(() => {});
      throw error;
    }
  }
}
