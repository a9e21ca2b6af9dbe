/** Every error that a database raises. Foreign errors are wrapped here and nowhere else. */
import { GatehouseError, messageOf, systemCode } from '../errors.js';

/** A unique, foreign-key, not-null or check constraint refused the statement: decide what it means. */
export function databaseConstraint(cause: unknown, sql?: string): GatehouseError {
  return new GatehouseError('DATABASE_CONSTRAINT', `The database refused a row: ${messageOf(cause)}.`, {
    cause,
    context: { sql },
  });
}

/** No room for the write: make room; the same call may then succeed. */
export function databaseFull(cause: unknown, sql?: string): GatehouseError {
  return new GatehouseError('DATABASE_FULL', 'The disk that holds the database is full.', {
    cause,
    retryable: true,
    context: { sql },
    hint: 'Make room on the disk that holds the data directory.',
  });
}

/** The file is damaged or no SQLite database: restore it from a backup. */
export function databaseCorrupt(cause: unknown, filePath: string): GatehouseError {
  return new GatehouseError('DATABASE_CORRUPT', `The database ${filePath} is damaged: ${messageOf(cause)}.`, {
    cause,
    context: { filePath },
    hint: 'Stop Gatehouse, put the file aside and restore it from a backup; check the disk (SD card).',
  });
}

/** A call came after `close`, or on a transaction that had ended: a fault of the caller. */
export function databaseClosed(what = 'database'): GatehouseError {
  return new GatehouseError('DATABASE_CLOSED', `The ${what} is closed.`);
}

/** The file was written by a newer Gatehouse: run that one. */
export function databaseTooNew(filePath: string, found: number, known: number): GatehouseError {
  return new GatehouseError(
    'DATABASE_TOO_NEW',
    `${filePath} has schema ${found}, and this Gatehouse knows schemas up to ${known}.`,
    {
      context: { filePath, found, known },
      hint: 'Run the newer Gatehouse again, or restore an older backup.',
    },
  );
}

/** The driver named in the options cannot run here: install it, or let Gatehouse choose. */
export function databaseDriverMissing(driver: string): GatehouseError {
  return new GatehouseError('DATABASE_DRIVER_MISSING', `No SQLite driver "${driver}" on this machine.`, {
    context: { driver },
    hint: 'Leave the driver out of the configuration, or run "npm install" with optional packages.',
  });
}

/** Anything else, an unreadable file among them; a lock held by another process is retryable. */
export function databaseFailed(cause: unknown, filePath: string, retryable = false): GatehouseError {
  return new GatehouseError('DATABASE_FAILED', `The database ${filePath} failed: ${messageOf(cause)}.`, {
    cause,
    retryable,
    context: { filePath, system: systemCode(cause) },
    hint: 'Check that this user may read and write the file and its folder, and that nothing else has it open.',
  });
}
