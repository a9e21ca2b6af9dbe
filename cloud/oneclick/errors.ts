/**
 * Every error of the 1-Click API and of its access keys. How any error looks to a client of AWS is in
 * `faults.ts`.
 */
import { GatehouseError } from '../../core/errors.js';

/** The authorization header, or the date, lacks something: use an SDK of AWS or `curl --aws-sigv4`. */
export function signatureIncomplete(): GatehouseError {
  return new GatehouseError(
    'ONECLICK_SIGNATURE_INCOMPLETE',
    'The signature lacks something, or the request is not well formed.',
    { hint: 'Sign with Signature Version 4, at least the headers host and x-amz-date.' },
  );
}

/** The signature does not hold: check secret, clock and endpoint. */
export function signatureInvalid(why: string): GatehouseError {
  return new GatehouseError('ONECLICK_SIGNATURE_INVALID', `The signature does not hold: ${why}.`, {
    hint: 'Check the secret access key and the clock of the client.',
  });
}

/** The client uses temporary keys, which are never given out here: unset the session token. */
export function tokenRefused(): GatehouseError {
  return new GatehouseError(
    'ONECLICK_TOKEN_REFUSED',
    'Session tokens are not in use here; the access key is enough.',
    { hint: 'Unset AWS_SESSION_TOKEN, and use a key of "gatehouse keys create".' },
  );
}

/** Nobody signed the request: use an SDK of AWS with a key of `gatehouse keys create`. */
export function signatureMissing(): GatehouseError {
  return new GatehouseError('ONECLICK_SIGNATURE_MISSING', 'The request is not signed.', {
    hint: 'Sign it with a key of "gatehouse keys create".',
  });
}

/** The access key was never made here, or was deleted: make one with `gatehouse keys create`. */
export function accessKeyRefused(): GatehouseError {
  return new GatehouseError('ONECLICK_KEY_UNKNOWN', 'The access key is not known here.', {
    hint: 'See "gatehouse keys list"; make one with "gatehouse keys create NAME".',
  });
}

/** The policy of the key does not allow the call: change the policy, or use another key. */
export function accessDenied(accessKeyId: string, action: string, resource: string): GatehouseError {
  return new GatehouseError(
    'ONECLICK_ACCESS_DENIED',
    `The access key ${accessKeyId} may not perform iot1click:${action} on ${resource}.`,
    { hint: 'Its policy decides; see "gatehouse keys list --json".' },
  );
}

/** There is no such operation: the method or the path is none of 1-Click's. */
export function operationUnknown(method: string, path: string): GatehouseError {
  return new GatehouseError('ONECLICK_OPERATION_UNKNOWN', `There is no operation ${method} ${path}.`);
}

/** A parameter does not fit: see the message. */
export function parameterInvalid(faults: string): GatehouseError {
  return new GatehouseError('ONECLICK_PARAMETER_INVALID', `A request parameter was invalid: ${faults}.`);
}

/** A resource was named that is not here: check region, account and name. */
export function resourceUnknown(what: string): GatehouseError {
  return new GatehouseError('ONECLICK_RESOURCE_UNKNOWN', `There is no ${what}.`);
}

/** The token is not one that this very listing gave out: begin the listing again. */
export function pageUnknown(): GatehouseError {
  return new GatehouseError('ONECLICK_PAGE_UNKNOWN', 'The nextToken does not belong to this request.', {
    hint: 'List again without a token, with the same parameters on every page.',
  });
}

/** An access key was named that does not exist: check the id. */
export function accessKeyUnknown(id: string): GatehouseError {
  return new GatehouseError('ACCESS_KEY_UNKNOWN', `There is no access key "${id}".`, {
    hint: 'See "gatehouse keys list".',
  });
}

/** The policy cannot be kept as it is: mend what the message names. */
export function policyInvalid(path: string, what: string): GatehouseError {
  return new GatehouseError('POLICY_INVALID', `The policy does not fit at ${path}: ${what}.`, {
    context: { path },
    hint: 'See docs/oneclick.md for what a policy may hold.',
  });
}

/** The policy asks for something that Gatehouse would not enforce: leave it out. */
export function policyUnsupported(path: string, what: string): GatehouseError {
  return new GatehouseError('POLICY_UNSUPPORTED', `The policy uses ${what} at ${path}.`, {
    context: { path },
    hint: 'Gatehouse refuses what it would not enforce; say the same with Allow, Deny and resources.',
  });
}

/** The secret of a key cannot be opened: the key file is not the one it was sealed with. */
export function accessKeyUnreadable(id: string): GatehouseError {
  return new GatehouseError('ACCESS_KEY_UNREADABLE', `The secret of the access key ${id} cannot be opened.`, {
    hint: 'Put the file "access-keys.key" of the data directory back, or delete the key and make a new one.',
  });
}
