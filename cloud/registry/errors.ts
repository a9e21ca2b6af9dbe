/** Every error that the registry raises. */
import { GatehouseError } from '../../core/errors.js';

/** A thing was named that does not exist: check the name. */
export function thingUnknown(name: string): GatehouseError {
  return new GatehouseError('THING_UNKNOWN', `There is no thing named "${name}".`, {
    context: { thing: name },
    hint: 'Check the name; the list of things shows them all.',
  });
}

/** A thing of that name was made before: choose another name, or use that one. */
export function thingExists(name: string): GatehouseError {
  return new GatehouseError('THING_EXISTS', `There is a thing named "${name}" already.`, {
    context: { thing: name },
    hint: 'Choose another name, or make a new claim token for the thing that exists.',
  });
}

/** The name breaks the rule for thing names, which are part of topics: choose another. */
export function thingNameInvalid(name: string): GatehouseError {
  return new GatehouseError('THING_NAME_INVALID', `"${name}" cannot name a thing.`, {
    context: { thing: name },
    hint: 'Use 1 to 128 letters, digits, hyphens and underscores.',
  });
}

/** Someone changed the thing between reading and writing it: read it again. */
export function thingChanged(name: string): GatehouseError {
  return new GatehouseError('THING_CHANGED', `The thing "${name}" was changed meanwhile.`, {
    retryable: true,
    context: { thing: name },
    hint: 'Read it again and repeat the change.',
  });
}

/** A type that Gatehouse has no data for: use a known one. */
export function deviceTypeUnknown(type: string, known: readonly string[]): GatehouseError {
  return new GatehouseError('DEVICE_TYPE_UNKNOWN', `There is no device type "${type}".`, {
    context: { type },
    hint: `Use one of: ${known.join(', ')}.`,
  });
}

/** The secret is none that was given out, or its token was withdrawn: make a new token. */
export function claimInvalid(): GatehouseError {
  return new GatehouseError('CLAIM_INVALID', 'This claim token is not valid.', { hint: newToken });
}

/** The token's time is over: make a new one. */
export function claimExpired(): GatehouseError {
  return new GatehouseError('CLAIM_EXPIRED', 'This claim token has expired.', { hint: newToken });
}

/** Another key used the token before. If that was not you, revoke the thing. */
export function claimUsed(thing: string): GatehouseError {
  return new GatehouseError('CLAIM_USED', 'This claim token was used before.', {
    context: { thing },
    hint: `${newToken} If you did not use it, revoke the thing: somebody else has its certificate.`,
  });
}

const newToken = 'Make a new claim token in the dashboard or with "gatehouse device claim-token NAME".';
