/** Presses a simulated button from afar: the device moves its line as an electrical edge would. */
import { randomUUID } from 'node:crypto';
import type { ClickType, CommandMessage } from '../../core/wire/messages.js';
import { buttonIsReal, buttonUnknown, thingOffline } from './errors.js';
import type { ThingStates } from './thing-states.js';

/** Hands a command to the broker for delivery; false when the thing is not connected. */
export type PublishCommand = (thing: string, command: CommandMessage) => Promise<boolean>;

/**
 * Without `button`, the first simulated one. Returns the id of the command.
 * @throws BUTTON_UNKNOWN, BUTTON_REAL, THING_OFFLINE
 */
export async function pressRemotely(
  states: ThingStates,
  publish: PublishCommand,
  thing: string,
  press: { readonly pattern: ClickType; readonly button?: string | undefined },
): Promise<string> {
  const { buttons, online } = states.get(thing);
  const button =
    press.button === undefined
      ? (buttons.find(({ simulated }) => simulated) ?? buttons[0])
      : buttons.find(({ name }) => name === press.button);
  if (button === undefined) throw online ? buttonUnknown(thing, press.button) : thingOffline(thing);
  if (!button.simulated) throw buttonIsReal(thing, button.name);
  if (!online) throw thingOffline(thing);
  const id = randomUUID();
  const command: CommandMessage = { v: 1, id, command: 'press', button: button.name, pattern: press.pattern };
  if (!(await publish(thing, command))) throw thingOffline(thing);
  return id;
}
