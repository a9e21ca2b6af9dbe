/** The one place where errors become exit codes and text on standard error. */
import { GatehouseError, messageOf, systemCode } from '../core/errors.js';
import type { Terminal } from './terminal.js';

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  partly: 3,
  noRepository: 10,
  locked: 11,
  wrongPassword: 12,
  interrupted: 130,
} as const;

/** Shown at the end of every command's help. */
export const exitCodeHelp = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done (some files could not be read),
10 no repository there, 11 repository locked, 12 wrong password, 130 interrupted.`;

const byCode: Readonly<Record<string, number>> = {
  USAGE: exitCodes.usage,
  LOCATION_MALFORMED: exitCodes.usage,
  PATTERN_MALFORMED: exitCodes.usage,
  DELETE_TOO_WIDE: exitCodes.usage,
  SUBSET_MALFORMED: exitCodes.usage,
  KEEP_POLICY_EMPTY: exitCodes.usage,
  TAGS_UNCHANGED: exitCodes.usage,
  NOTHING_TO_REWRITE: exitCodes.usage,
  MIGRATION_NOT_APPLICABLE: exitCodes.usage,
  REMOVE_ALL_UNFILTERED: exitCodes.usage,
  RECOVERY_UNCONFIRMED: exitCodes.usage,
  IS_FOLDER: exitCodes.usage,
  COPY_COLLISION: exitCodes.usage,
  COPY_INTO_ITSELF: exitCodes.usage,
  CONFIG_INVALID: exitCodes.usage,
  BOARD_UNKNOWN: exitCodes.usage,
  REPOSITORY_MISSING: exitCodes.noRepository,
  BUCKET_UNKNOWN: exitCodes.noRepository,
  LOCKED: exitCodes.locked,
  WRONG_PASSWORD: exitCodes.wrongPassword,
  INTERRUPTED: exitCodes.interrupted,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof GatehouseError) return byCode[error.code] ?? exitCodes.failed;
  if (error instanceof Error && error.name === 'AbortError') return exitCodes.interrupted;
  return exitCodes.failed;
}

/** A mistake in how a command was called. */
export function usageError(message: string, hint?: string): GatehouseError {
  return new GatehouseError('USAGE', message, hint === undefined ? {} : { hint });
}

/** Says what went wrong and what to do; a stack trace only for a fault of ours, and only on request. */
export function reportError(terminal: Terminal, error: unknown, debug: boolean): void {
  terminal.endProgress();
  const known = error instanceof GatehouseError;
  const code = known ? error.code : (systemCode(error) ?? 'INTERNAL');
  const hint = known ? error.hint : undefined;
  if (terminal.json) {
    terminal.printJson({ message_type: 'error', code, message: messageOf(error), hint: hint ?? null });
  } else {
    terminal.note(`${terminal.style('red', 'error')}: ${messageOf(error)} [${code}]`);
    if (hint) terminal.note(`  ${hint}`);
  }
  if (!debug) {
    if (!known)
      terminal.note(
        '  This looks like a fault in Gatehouse. Run it again with GATEHOUSE_DEBUG=1 for details.',
      );
    return;
  }
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    terminal.note(cause.stack ?? '');
}
