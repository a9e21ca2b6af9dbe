/** Why a remote press, or a command for an output, is refused. */
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

/** The device has no output of that name, or several and none was named: see what it has. */
export function outputUnknown(
  thing: string,
  output: string | undefined,
  known: readonly string[],
): GatehouseError {
  const sentence = output === undefined ? `Which output of ${thing}?` : `${thing} has no output "${output}".`;
  return new GatehouseError('OUTPUT_UNKNOWN', sentence, {
    context: { thing, output, known: known.join(', ') },
    hint:
      known.length === 0 ? 'Configure an output on the device first.' : `Name one of: ${known.join(', ')}.`,
  });
}

/** The device is not connected, so that what is told to it would reach nobody: start its agent. */
export function thingOffline(thing: string): GatehouseError {
  return new GatehouseError('THING_OFFLINE', `${thing} is not connected.`, {
    retryable: true,
    context: { thing },
    hint: 'Start its agent and try again.',
  });
}
