/** An error inside a workflow: it has a name that Retry and Catch look at, and never leaves the machine. */
export class StateFault extends Error {
  /** `States.Timeout`, or what a task called it. */
  readonly error: string;

  constructor(error: string, cause: string) {
    super(cause);
    this.error = error;
  }
}

/** Names that no Retry and no Catch reaches. */
const terminal: ReadonlySet<string> = new Set(['States.Runtime', 'States.DataLimitExceeded']);

/** Does one of the names in `ErrorEquals` stand for that error? */
export function isCovered(errorEquals: readonly string[], error: string): boolean {
  if (terminal.has(error)) return errorEquals.includes(error);
  return errorEquals.some(
    (name) =>
      name === error || name === 'States.ALL' || (name === 'States.TaskFailed' && error !== 'States.Timeout'),
  );
}
