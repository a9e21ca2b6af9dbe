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
