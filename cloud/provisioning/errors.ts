/** Every error of the provisioning port. The HTTP status of each is in `responses.ts`. */
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';

/** The port could not be opened: taken, not allowed, or no such address here. */
export function provisioningListenFailed(host: string, port: number, cause: unknown): GatehouseError {
  return new GatehouseError(
    'PROVISIONING_LISTEN_FAILED',
    `Cannot listen on ${host}:${port}: ${messageOf(cause)}.`,
    {
      cause,
      context: { host, port, system: systemCode(cause) },
      hint: 'Choose another port or address in the configuration, or stop the program that has this one.',
    },
  );
}

/** Anything but POST /provision was asked for. */
export function notFound(): GatehouseError {
  return new GatehouseError('NOT_FOUND', 'There is nothing here but POST /provision.');
}

/** The path is right and the method is not. */
export function methodNotAllowed(): GatehouseError {
  return new GatehouseError('METHOD_NOT_ALLOWED', 'Use POST.');
}

/** The body is longer than any certificate request. */
export function bodyTooLarge(limitBytes: number): GatehouseError {
  return new GatehouseError('BODY_TOO_LARGE', `The body is longer than ${limitBytes} bytes.`);
}

/** The body is no JSON, or does not fit the schema: mend the sender. */
export function bodyInvalid(reason: string): GatehouseError {
  return new GatehouseError('BODY_INVALID', `The body does not fit: ${reason}.`, {
    hint: 'Send {"claimSecret", "certificateSigningRequest"} as JSON.',
  });
}

/** Too many calls from one address: wait. */
export function tooManyRequests(waitMs: number): GatehouseError {
  return new GatehouseError('TOO_MANY_REQUESTS', 'Too many requests from this address.', {
    retryable: true,
    context: { waitMs },
    hint: `Try again in ${Math.ceil(waitMs / 1_000)} s.`,
  });
}
