/** Errors of the browser's side. What the backend answers keeps its own code, sentence and hint. */
import { GatehouseError } from '../../../core/errors.js';

/** Raised when the session cookie is missing or stale; the user signs in with the token. */
export function signedOut(): GatehouseError {
  return new GatehouseError('SIGNED_OUT', 'You are signed out.', {
    hint: 'Run "gatehouse dashboard" and open the link it prints.',
  });
}

/** Raised when no answer comes back; the page tries again by itself. */
export function unreachable(cause: unknown): GatehouseError {
  return new GatehouseError('UNREACHABLE', 'The Gatehouse backend does not answer.', {
    retryable: true,
    cause,
    hint: 'Check that "gatehouse up" is still running.',
  });
}

/** Raised when an answer is neither what was asked for nor an error of ours, as a proxy gives. */
export function unexpectedAnswer(status: number): GatehouseError {
  return new GatehouseError('UNEXPECTED_ANSWER', `The backend answered with status ${status}.`, {
    retryable: status >= 500,
    hint: 'Look into the log of the backend.',
  });
}

/** The sentence to show for anything that was thrown, with what to do where that is known. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof GatehouseError)) return 'Something went wrong in this page. Reload it.';
  return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
}

/** What a view shows of an error beside the place where it happened. */
export interface Fault {
  readonly code: string;
  readonly sentence: string;
  /** What is on the page is not what the backend has: offer to load it again. */
  readonly isStale: boolean;
}

const changedSentence =
  'Somebody else has changed this since you opened it, so nothing was saved. Load it again, then repeat your change.';

/** Codes of answers that say: the page shows what is no longer so. */
const staleCodes: readonly string[] = [
  'PROJECT_CHANGED',
  'THING_CHANGED',
  'PROJECT_UNKNOWN',
  'PROJECT_IN_USE',
  'ASSOCIATION_CONFLICT',
  'THING_UNKNOWN',
  'DEVICE_CLAIMED',
  'DEVICE_NOT_CLAIMED',
  'DEVICE_NOT_PLACED',
  'JOB_ENDED',
  'EXECUTION_ENDED',
];

export function faultOf(error: unknown): Fault {
  const code = error instanceof GatehouseError ? error.code : '';
  const isChanged = code === 'PROJECT_CHANGED' || code === 'THING_CHANGED';
  return {
    code,
    sentence: isChanged ? changedSentence : sentenceOf(error),
    isStale: staleCodes.includes(code),
  };
}
