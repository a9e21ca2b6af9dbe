/** Every error about projects and placements, split as 1-Click splits them: 400, 404 and 409. */
import { GatehouseError } from '../../core/errors.js';

/** A project, placement or device template was named that does not exist: check the name. */
export function projectPartUnknown(kind: string, name: string): GatehouseError {
  return new GatehouseError('PROJECT_UNKNOWN', `There is no ${kind} "${name}".`, {
    context: { kind, name },
    hint: 'Check the name; the list of projects shows them all.',
  });
}

/** The name is taken: choose another, or change what exists. */
export function projectPartExists(kind: string, name: string): GatehouseError {
  return new GatehouseError('PROJECT_EXISTS', `There is a ${kind} "${name}" already.`, {
    context: { kind, name },
    hint: 'Choose another name, or change the one that exists.',
  });
}

/** Something must be taken out first: devices from a placement, placements from a project. */
export function projectPartInUse(kind: string, name: string, what: string): GatehouseError {
  return new GatehouseError('PROJECT_IN_USE', `The ${kind} "${name}" still has ${what}.`, {
    context: { kind, name },
    hint: `Remove its ${what} first.`,
  });
}

/** The slot is filled, or the device sits elsewhere: take it out there first. */
export function associationConflict(message: string): GatehouseError {
  return new GatehouseError('ASSOCIATION_CONFLICT', message, {
    hint: 'Take the device out of its present place first.',
  });
}

/** A value breaks one of 1-Click's limits: mend it. */
export function projectInvalid(faults: string): GatehouseError {
  return new GatehouseError('PROJECT_INVALID', `This is not allowed: ${faults}.`, {
    hint: 'See the limits of projects and placements in the documentation.',
  });
}

/** Someone changed the project or placement between reading and writing it: read it again. */
export function projectChanged(): GatehouseError {
  return new GatehouseError('PROJECT_CHANGED', 'It was changed by somebody else meanwhile.', {
    retryable: true,
    hint: 'Read it again and repeat the change.',
  });
}
