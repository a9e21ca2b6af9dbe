/**
 * How any error looks to a client of AWS. SDK v3 takes the type from the header, v2 from the body's
 * `code`: both are always sent. Anything not listed is our fault, and its message stays in the log.
 */
import type { GatehouseError } from '../../core/errors.js';
import type { Service } from './operations.js';

export interface Fault {
  readonly type: string;
  readonly status: 400 | 403 | 404 | 409 | 412 | 413 | 416 | 500;
}

const invalidRequest: Fault = { type: 'InvalidRequestException', status: 400 };
const notFound: Fault = { type: 'ResourceNotFoundException', status: 404 };
const conflict: Fault = { type: 'ResourceConflictException', status: 409 };
const precondition: Fault = { type: 'PreconditionFailedException', status: 412 };
const accessDenied: Fault = { type: 'AccessDeniedException', status: 403 };
const unknownClient: Fault = { type: 'UnrecognizedClientException', status: 403 };
const internal: Fault = { type: 'InternalFailureException', status: 500 };

const faults: Readonly<Record<string, Fault>> = {
  ONECLICK_SIGNATURE_MISSING: { type: 'MissingAuthenticationTokenException', status: 403 },
  ONECLICK_SIGNATURE_INCOMPLETE: { type: 'IncompleteSignatureException', status: 400 },
  ONECLICK_SIGNATURE_INVALID: { type: 'InvalidSignatureException', status: 403 },
  ONECLICK_TOKEN_REFUSED: unknownClient,
  ONECLICK_KEY_UNKNOWN: unknownClient,
  ACCESS_KEY_UNREADABLE: unknownClient,
  ONECLICK_ACCESS_DENIED: accessDenied,
  ONECLICK_OPERATION_UNKNOWN: { type: 'UnknownOperationException', status: 404 },
  ONECLICK_PARAMETER_INVALID: invalidRequest,
  ONECLICK_RESOURCE_UNKNOWN: notFound,
  HOST_REFUSED: accessDenied,
  ORIGIN_REFUSED: accessDenied,
  REQUEST_INVALID: invalidRequest,
  REQUEST_TOO_LARGE: { type: 'InvalidRequestException', status: 413 },
  THING_UNKNOWN: notFound,
  THING_CHANGED: conflict,
  DEVICE_NOT_CLAIMED: notFound,
  DEVICE_CLAIMED: conflict,
  CLAIM_NOT_CONFIRMED: precondition,
  CLAIM_CODE_UNKNOWN: { type: 'ForbiddenException', status: 403 },
  METHOD_UNKNOWN: invalidRequest,
  METHOD_INVALID: invalidRequest,
  PROJECT_UNKNOWN: notFound,
  PROJECT_EXISTS: conflict,
  PROJECT_IN_USE: invalidRequest,
  PROJECT_INVALID: invalidRequest,
  PROJECT_CHANGED: conflict,
  ASSOCIATION_CONFLICT: conflict,
};

/** The devices service models a status of its own for a page that cannot be found. */
const badPage: Readonly<Record<Service, Fault>> = {
  devices: { type: 'RangeNotSatisfiableException', status: 416 },
  projects: invalidRequest,
};

export function faultOf(error: GatehouseError, service: Service): Fault {
  if (error.code === 'ONECLICK_PAGE_UNKNOWN') return badPage[service];
  return faults[error.code] ?? internal;
}
