/** Errors of asking the buggy to drive; what happens on the way is a result. */
import { GatehouseError } from '../../core/errors.js';

/** It is on its way already. Wait for the end, or stop it. */
export const roverBusy = () =>
  new GatehouseError('ROVER_BUSY', 'The rover is driving already.', {
    hint: 'Wait until it has arrived, or stop it first.',
  });

/** The configuration has no section `rover`. Add one. */
export const roverMissing = () =>
  new GatehouseError('ROVER_MISSING', 'The configuration of this agent has no section "rover".', {
    hint: 'Begin with the configuration in hardware/boards/rover, or add "rover": {}.',
  });
