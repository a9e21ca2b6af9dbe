/** Errors of the HTTP side, and the one place where any error becomes a status. */
import { GatehouseError, systemCode } from '../../core/errors.js';

/** No token, or a wrong one: log in, or send the token. */
export function unauthorised(): GatehouseError {
  return new GatehouseError('UNAUTHORISED', 'This needs the API token.', {
    hint: 'Open the dashboard with "gatehouse dashboard", or send "Authorization: Bearer TOKEN".',
  });
}

/** The request names a host that is not ours: a page elsewhere may be behind it. */
export function hostRefused(host: string): GatehouseError {
  return new GatehouseError('HOST_REFUSED', `This server does not answer for "${host}".`, {
    hint: 'Use the address that the server printed, or add the name to "http.allowedHosts".',
  });
}

/** A page from elsewhere tried to change something. */
export function originRefused(origin: string): GatehouseError {
  return new GatehouseError('ORIGIN_REFUSED', `Changes from the page "${origin}" are refused.`, {
    hint: 'Use the dashboard at its own address.',
  });
}

/** The request does not fit what the API takes: see the message. */
export function requestInvalid(faults: string): GatehouseError {
  return new GatehouseError('REQUEST_INVALID', `The request does not fit: ${faults}.`);
}

/** A change must name the version that it was made from: read the thing, send its ETag back. */
export function preconditionRequired(): GatehouseError {
  return new GatehouseError('PRECONDITION_REQUIRED', 'A change needs the header If-Match.', {
    hint: 'Send the ETag of what you read, or "*" to change it whatever it is at.',
  });
}

/** The body is larger than the API takes. */
export function requestTooLarge(limitBytes: number): GatehouseError {
  return new GatehouseError('REQUEST_TOO_LARGE', `A request may have at most ${limitBytes} bytes.`);
}

/** The path or the thing that it names does not exist. */
export function notFound(what: string): GatehouseError {
  return new GatehouseError('NOT_FOUND', `There is no ${what}.`);
}

/** As many listeners as allowed watch the stream: close a dashboard. */
export function tooManyStreams(): GatehouseError {
  return new GatehouseError('TOO_MANY_STREAMS', 'Too many pages watch already.', { retryable: true });
}

/** Another program listens there: stop it or choose another port. */
export function portTaken(host: string, port: number, option: string, cause: unknown): GatehouseError {
  return new GatehouseError('PORT_TAKEN', `${host}:${port} is in use by another program.`, {
    cause,
    context: { host, port, option },
    hint: `Stop that program, or choose another port: --${option.replace('.', '-')}, or "${option}" in the configuration.`,
  });
}

/** Listening failed for another reason: a wrong address, or a port below 1024 without the right to it. */
export function listenFailed(host: string, port: number, option: string, cause: unknown): GatehouseError {
  const why = systemCode(cause) ?? 'unknown';
  return new GatehouseError('LISTEN_FAILED', `Cannot listen on ${host}:${port} (${why}).`, {
    cause,
    context: { host, port, option },
    hint: `Check "${option}" in the configuration.`,
  });
}

export type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 410 | 412 | 413 | 428 | 500 | 503;

const statuses: Readonly<Record<string, ErrorStatus>> = {
  UNAUTHORISED: 401,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  REQUEST_INVALID: 400,
  REQUEST_TOO_LARGE: 413,
  NOT_FOUND: 404,
  TOO_MANY_STREAMS: 503,
  THING_UNKNOWN: 404,
  THING_EXISTS: 409,
  PRECONDITION_REQUIRED: 428,
  THING_CHANGED: 412,
  THING_NAME_INVALID: 400,
  DEVICE_TYPE_UNKNOWN: 400,
  BUTTON_UNKNOWN: 404,
  BUTTON_REAL: 409,
  OUTPUT_UNKNOWN: 404,
  THING_OFFLINE: 409,
  FUNCTION_UNKNOWN: 404,
  ARN_INVALID: 400,
  POLICY_UNREADABLE: 409,
  AWS_REFUSED: 409,
  AWS_DELAYED: 503,
  AWS_UNCONFIGURED: 409,
  WORKFLOW_UNKNOWN: 404,
  WORKFLOW_EXISTS: 409,
  WORKFLOW_INVALID: 400,
  EXECUTION_UNKNOWN: 404,
  EXECUTION_ENDED: 409,
  PROJECT_UNKNOWN: 404,
  PROJECT_EXISTS: 409,
  PROJECT_IN_USE: 409,
  PROJECT_INVALID: 400,
  PROJECT_CHANGED: 412,
  DEVICE_NOT_CLAIMED: 409,
  DEVICE_CLAIMED: 409,
  DEVICE_NOT_PLACED: 409,
  CLAIM_NOT_CONFIRMED: 409,
  CLAIM_CODE_UNKNOWN: 404,
  COUNTER_OUT_OF_RANGE: 409,
  ACCESS_KEY_UNKNOWN: 404,
  POLICY_INVALID: 400,
  POLICY_UNSUPPORTED: 400,
  ASSOCIATION_CONFLICT: 409,
  JOB_UNKNOWN: 404,
  JOB_EXISTS: 409,
  JOB_ENDED: 409,
  JOB_INVALID: 400,
  JOB_DOCUMENT_INVALID: 400,
  BUCKET_NOT_LISTED: 409,
  ARTIFACT_DAMAGED: 400,
  ARTIFACT_MISSING: 409,
  RELEASE_EXISTS: 409,
  BOARD_UNKNOWN: 404,
  TEMPLATE_UNKNOWN: 404,
  TEMPLATE_EXISTS: 409,
  SHADOW_INVALID: 400,
  SHADOW_UNKNOWN: 404,
  SHADOW_CHANGED: 409,
  SHADOW_TOO_LARGE: 413,
  ALARM_RULE_UNKNOWN: 404,
  ALARM_UNKNOWN: 404,
  ALARM_RULE_EXISTS: 409,
  ALARM_RULE_CONFIGURED: 409,
  TOO_MANY_ALARM_RULES: 409,
  DATABASE_CLOSED: 503,
  DATABASE_FULL: 503,
};

/** Anything not listed is our fault: 500. */
export function statusOf(error: GatehouseError): ErrorStatus {
  return statuses[error.code] ?? 500;
}
