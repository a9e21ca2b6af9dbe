/**
 * The one base class of every error that Gatehouse raises on purpose.
 * Leaves are listed in each folder's `errors.ts`; this file knows none of them.
 */

/** What an error carries besides its sentence. Values are for logs and `--json`, never secrets. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface ErrorDetails {
  /** May the same call succeed later without anybody changing anything? Unknown means no. */
  readonly retryable?: boolean;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
  /** One sentence in the imperative: what the user does about it. */
  readonly hint?: string;
}

export class GatehouseError extends Error {
  /** Stable, machine-readable, upper snake case; part of the public interface. */
  readonly code: string;
  readonly retryable: boolean;
  readonly context: ErrorContext;
  readonly hint: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GatehouseError';
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.context = details.context ?? {};
    this.hint = details.hint;
  }
}

/** True for an error of ours with that code; narrows for `catch` blocks. */
export function hasCode(error: unknown, code: string): error is GatehouseError {
  return error instanceof GatehouseError && error.code === code;
}

/** The `code` of a Node system error (`ENOENT`, `EADDRINUSE`), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Raised when a wait is ended by its `AbortSignal`; exit code 130 when it reaches the command line. */
export function interrupted(cause?: unknown): GatehouseError {
  return new GatehouseError('INTERRUPTED', 'Interrupted.', { cause });
}
