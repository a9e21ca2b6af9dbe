/** Errors of boards and cards. */
import { GatehouseError } from '../../core/errors.js';

/** A board was named that is not among those that came along: name one of them. */
export const boardUnknown = (name: string, known: readonly string[]) =>
  new GatehouseError('BOARD_UNKNOWN', `There is no board "${name}".`, {
    context: { board: name },
    hint: `Name one of: ${known.join(', ')}.`,
  });

/** This installation cannot be packed for a device: it is not built, or the disk is full. */
export const packingFailed = (reason: string, cause: unknown) =>
  new GatehouseError('PACKING_FAILED', `The program cannot be packed for the device: ${reason}.`, {
    cause,
    hint: 'Build it ("npm run build"), and see that there is room on the disk.',
  });
