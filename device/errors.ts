/** Every error that the agent's own parts raise; `transport/` and `identity/` list theirs. */
import { GatehouseError } from '../core/errors.js';

/** A message was appended after `close`: a mistake in the program that appended it. */
export const outboxClosed = () => new GatehouseError('OUTBOX_CLOSED', 'The outbox is closed.');

/** The configuration names no such button. Use one of the names listed. */
export const buttonUnknown = (button: string, known: readonly string[]) =>
  new GatehouseError('BUTTON_UNKNOWN', `This device has no button "${button}".`, {
    context: { button, known: known.join(', ') },
    hint: known.length === 0 ? 'Configure a button first.' : `Name one of: ${known.join(', ')}.`,
  });

/** The configuration names no such output. Use one of the names listed. */
export const outputUnknown = (output: string, known: readonly string[]) =>
  new GatehouseError('OUTPUT_UNKNOWN', `This device has no output "${output}".`, {
    context: { output, known: known.join(', ') },
    hint: known.length === 0 ? 'Configure an output first.' : `Name one of: ${known.join(', ')}.`,
  });

/** A press was asked for on a real line, which only a finger moves. Press the button. */
export const buttonReal = (button: string) =>
  new GatehouseError('BUTTON_REAL', `Button "${button}" is on a real line and cannot be pressed remotely.`, {
    context: { button },
    hint: 'Press the button itself, or run the agent with gpio.route "simulated".',
  });
