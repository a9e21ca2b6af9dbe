/** Every error that the private certificate authority raises. */
import { GatehouseError, messageOf } from '../errors.js';

/** A device sent something that is no signed certificate request with a usable key. */
export function csrInvalid(reason: string, cause?: unknown): GatehouseError {
  return new GatehouseError('CSR_INVALID', `The certificate request is not usable: ${reason}.`, {
    cause,
    hint: 'Send a PKCS #10 request in PEM, signed by its own key: EC P-256 or P-384, or RSA of 2048 bits or more.',
  });
}

/** The authority's key or certificate is missing, unreadable, or they do not fit together. */
export function caDamaged(directory: string, reason: string, cause?: unknown): GatehouseError {
  return new GatehouseError(
    'CA_DAMAGED',
    `The certificate authority in ${directory} is damaged: ${reason}.`,
    {
      cause,
      context: { directory },
      hint: 'Restore the folder from a backup. A new authority would mean provisioning every device again.',
    },
  );
}

/** The authority's certificate has run out (or the clock is wrong). */
export function caExpired(directory: string, notAfterMs: number): GatehouseError {
  const day = new Date(notAfterMs).toISOString().slice(0, 10);
  return new GatehouseError('CA_EXPIRED', `The certificate authority in ${directory} expired on ${day}.`, {
    context: { directory, notAfterMs },
    hint: "Check this machine's clock. If it is right, move the folder away and provision every device again.",
  });
}

/** A host for the server certificate is neither an address nor a host name. */
export function hostInvalid(host: string): GatehouseError {
  return new GatehouseError('HOST_INVALID', `"${host}" is neither an IP address nor a host name.`, {
    context: { host },
    hint: 'Mend the host names in the configuration.',
  });
}

/** A file of the authority could not be written or read. */
export function pkiFilesFailed(directory: string, cause: unknown): GatehouseError {
  return new GatehouseError('PKI_FILES_FAILED', `Cannot use the folder ${directory}: ${messageOf(cause)}.`, {
    cause,
    context: { directory },
    hint: 'Check that this user may write there and that the disk has room.',
  });
}
