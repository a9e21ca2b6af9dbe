/** How much of the disk the database takes, and giving back what it no longer needs. */
import type { Database } from '../../core/db/database.js';

export interface DiskSpace {
  /** Of the file, without its write-ahead log. */
  readonly fileBytes: number;
  /** Of these, what holds data. */
  readonly usedBytes: number;
  /** False for a file from before Gatehouse gave room back: what is deleted is used again, never handed back. */
  readonly givesBack: boolean;
}

/** A mebibyte at a time, so that nothing waits long. */
const pagesAtOnce = 256;

export async function spaceOf(database: Database): Promise<DiskSpace> {
  const size = await pragma(database, 'page_size');
  const pages = await pragma(database, 'page_count');
  const free = await pragma(database, 'freelist_count');
  const givesBack = (await pragma(database, 'auto_vacuum')) === 2;
  return { fileBytes: pages * size, usedBytes: (pages - free) * size, givesBack };
}

/** Moves free pages to the end of the file and cuts them off. */
export async function freeRoom(database: Database, pause: () => Promise<void>): Promise<void> {
  if ((await pragma(database, 'auto_vacuum')) !== 2) return;
  let free = await pragma(database, 'freelist_count');
  if (free === 0) return;
  while (free > 0) {
    await database.exec(`PRAGMA incremental_vacuum(${pagesAtOnce})`);
    const left = await pragma(database, 'freelist_count');
    if (left >= free) break;
    free = left;
    if (free > 0) await pause();
  }
  // The file itself is cut when the log is written into it.
  await database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

async function pragma(database: Database, name: string): Promise<number> {
  const row = await database.get(`PRAGMA ${name}`);
  return Number(Object.values(row ?? {})[0] ?? 0);
}
