/** A real database with the cloud's tables in a temporary folder. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cloudMigrations } from '../../cloud/db/migrations.js';
import type { Database } from '../../core/db/database.js';
import { openDatabase } from '../../core/db/open.js';
import { temporaryFolder } from './temporary-folder.js';

export async function cloudDatabase(folder?: string): Promise<Database> {
  const filePath = join(folder ?? (await temporaryFolder()), 'cloud.db');
  const database = await openDatabase({ filePath, handsRoomBack: true }, cloudMigrations);
  onTestFinished(() => database.close());
  return database;
}

/** Resolves when `condition` holds; checks after every turn of the event loop, gives up after `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'condition',
  limitMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
