/** Every error of a device's life: claiming, methods, replacing. */
import { GatehouseError } from '../../core/errors.js';

/** The device is not claimed, so that nothing but claiming can be done with it. */
export function deviceNotClaimed(name: string): GatehouseError {
  return new GatehouseError('DEVICE_NOT_CLAIMED', `"${name}" is not claimed.`, {
    context: { thing: name },
    hint: 'Claim it first: by its claim code, or by initiate-claim, one click and finalize-claim.',
  });
}

/** The device has an owner already: unclaim it first. */
export function deviceClaimed(name: string): GatehouseError {
  return new GatehouseError('DEVICE_CLAIMED', `"${name}" is claimed already.`, {
    context: { thing: name },
    hint: 'Unclaim it first.',
  });
}

/** The claim was not initiated, or the device has sent no event since: press its button once. */
export function claimNotConfirmed(name: string): GatehouseError {
  return new GatehouseError('CLAIM_NOT_CONFIRMED', `"${name}" has sent no event since its claim began.`, {
    context: { thing: name },
    hint: 'Initiate the claim, press the button once, then finalise.',
  });
}

/** No box has that claim code: check it for typing errors. */
export function claimCodeUnknown(): GatehouseError {
  return new GatehouseError('CLAIM_CODE_UNKNOWN', 'No devices belong to that claim code.', {
    hint: 'Check the code; "gatehouse device manufacture --box" makes one for new devices.',
  });
}

/** The device's type has no such method: see `GetDeviceMethods`. */
export function methodUnknown(name: string, method: string): GatehouseError {
  return new GatehouseError('METHOD_UNKNOWN', `"${name}" has no method ${method}.`, {
    context: { thing: name, method },
    hint: 'GetDeviceMethods lists what it has.',
  });
}

/** The parameters of a device method do not fit: see the message. */
export function methodInvalid(faults: string): GatehouseError {
  return new GatehouseError('METHOD_INVALID', `A request parameter was invalid: ${faults}.`);
}

/** A counter would leave the range that is counted exactly. */
export function counterOutOfRange(name: string): GatehouseError {
  return new GatehouseError('COUNTER_OUT_OF_RANGE', `The counter "${name}" would leave ±2^53.`);
}

/** The old device sits in no placement, so that there is nothing to take over. */
export function notPlaced(name: string): GatehouseError {
  return new GatehouseError('DEVICE_NOT_PLACED', `"${name}" sits in no placement.`, {
    context: { thing: name },
    hint: 'Associate the new device with a placement instead.',
  });
}
