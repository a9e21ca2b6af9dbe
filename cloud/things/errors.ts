/** Why a remote press is refused. */
import { GatehouseError } from '../../core/errors.js';

/** The device has no button of that name, or told of none yet: check the name, or wait until it is online. */
export function buttonUnknown(thing: string, button: string | undefined): GatehouseError {
  return new GatehouseError(
    'BUTTON_UNKNOWN',
    button === undefined
      ? `${thing} has no button that can be pressed from here.`
      : `${thing} has no button "${button}".`,
    { context: { thing, button }, hint: 'See the buttons of the thing in the dashboard.' },
  );
}

/** The button is a real line, which only a finger can press. */
export function buttonIsReal(thing: string, button: string): GatehouseError {
  return new GatehouseError('BUTTON_REAL', `"${button}" of ${thing} is a real button.`, {
    context: { thing, button },
    hint: 'Only simulated buttons can be pressed from here.',
  });
}

/** The device is not connected, so that a press would reach nobody: start its agent. */
export function thingOffline(thing: string): GatehouseError {
  return new GatehouseError('THING_OFFLINE', `${thing} is not connected.`, {
    retryable: true,
    context: { thing },
    hint: 'Start its agent and try again.',
  });
}
