/** What can go wrong when keys are rotated. */
import { GatehouseError, messageOf } from '../../core/errors.js';

/** A step of the rotation is asked for before the one that it needs. The user does that one first. */
export function rotationStepMissing(step: string, needed: string): GatehouseError {
  return new GatehouseError('ROTATION_STEP_MISSING', `Cannot ${step} yet: ${needed}.`, {
    context: { step },
    hint: 'See "gatehouse credentials rotate status".',
  });
}

/** The user's file with a new key holds no pair. The user writes id and secret, one line each. */
export function keyFileMalformed(filePath: string, problem: string): GatehouseError {
  return new GatehouseError('KEY_FILE_MALFORMED', `${filePath} holds no access key: ${problem}.`, {
    context: { filePath },
    hint: 'Write the access key id on the first line and the secret access key on the second.',
  });
}

/** IAM refused. The user checks what the keys that ask may do. */
export function iamFailed(call: string, user: string, cause: unknown): GatehouseError {
  const name = cause instanceof Error ? cause.name : 'Error';
  return new GatehouseError('IAM_FAILED', `IAM did not ${call} for ${user}: ${messageOf(cause)} (${name}).`, {
    context: { user, reason: name },
    hint:
      name === 'LimitExceededException' || name === 'LimitExceeded'
        ? 'A user can have two access keys: delete the one that nobody uses, then try again.'
        : 'Check the user and that the keys in the environment may manage its access keys; or make a key by hand and give --key-file.',
  });
}

/** A credential file cannot be read or written. The user mends its folder's permissions. */
export function credentialFileFailed(cause: unknown): GatehouseError {
  return new GatehouseError('CREDENTIAL_FILE', `Cannot use the credential files: ${messageOf(cause)}.`, {
    cause,
    hint: 'Check the two paths, and that this user may write in their folder.',
  });
}
