/** Switches a lamp, a buzzer or a relay of a device that is connected now. What is to hold also for one that is away belongs in its shadow. */
import { randomUUID } from 'node:crypto';
import type { CommandMessage, OutputAction } from '../../core/wire/messages.js';
import { outputUnknown, thingOffline } from './errors.js';
import type { PublishCommand } from './remote-press.js';
import type { ThingStates } from './thing-states.js';

export interface OutputRequest {
  /** Its only one when absent. */
  readonly output?: string | undefined;
  readonly action: OutputAction;
  /** As the device is configured unless told. */
  readonly pulseMs?: number | undefined;
}

/**
 * Returns the id of the command. The same `id` given twice runs once, also over a restart of the device.
 * @throws OUTPUT_UNKNOWN, THING_OFFLINE
 */
export async function switchRemotely(
  states: ThingStates,
  publish: PublishCommand,
  thing: string,
  { output: wanted, action, pulseMs }: OutputRequest,
  id: string = randomUUID(),
): Promise<string> {
  const { outputs, online } = states.get(thing);
  const output =
    wanted === undefined && outputs.length === 1 ? outputs[0] : outputs.find(({ name }) => name === wanted);
  if (!online) throw thingOffline(thing);
  if (output === undefined) {
    const known = outputs.map(({ name }) => name);
    throw outputUnknown(thing, wanted, known);
  }
  const command: CommandMessage = {
    v: 1,
    id,
    command: 'output',
    output: output.name,
    action,
    ...(action === 'pulse' && pulseMs !== undefined && { pulseMs }),
  };
  if (!(await publish(thing, command))) throw thingOffline(thing);
  return id;
}
