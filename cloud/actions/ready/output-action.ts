/**
 * Switches an output of a device, "dispense a treat": one command for each run. A run that is tried
 * again carries the same id, so that the device does it once; a replay by hand is a new command.
 */
import type { Clock } from '../../../core/clock.js';
import type { OutputAction } from '../../../core/wire/messages.js';
import type { Action } from '../action.js';
import type { OutputFunctionConfig } from '../function-config.js';
import { fillTemplate } from '../template.js';
import { ReadyMadeAction } from './ready-made.js';

/** @throws OUTPUT_UNKNOWN, THING_OFFLINE. */
export type SwitchOutput = (
  thing: string,
  request: {
    readonly output?: string | undefined;
    readonly action: OutputAction;
    readonly pulseMs?: number | undefined;
  },
  id: string,
) => Promise<string>;

export function outputAction(config: OutputFunctionConfig, switchOutput: SwitchOutput, clock: Clock): Action {
  return new ReadyMadeAction(config, clock, async (event, { runId, replays = 0 }) => {
    const thing = fillTemplate(config.thing, event);
    const id = replays === 0 ? runId : `${runId}-${replays}`;
    await switchOutput(thing, config, id);
    return { log: `Told ${thing}: ${config.output ?? 'its output'} ${config.action}.\n` };
  });
}
