/** Every error of provisioning and of the stored identity. */
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';

const freshToken = 'Make a new token with "gatehouse device claim-token NAME" and give it to this device.';

/** The cloud refused the claim token: it was used, has expired or was never issued. Get a fresh one. */
export const claimRefused = (reason: string, remoteCode: string) =>
  new GatehouseError('CLAIM_REFUSED', `The cloud refused this device's claim token: ${reason}`, {
    context: { remoteCode },
    hint: freshToken,
  });

/** Who answers at the token's address does not hold the CA that the token names. Do not trust it. */
export const claimCaMismatch = (address: string, reason: string, cause?: unknown) =>
  new GatehouseError(
    'CLAIM_CA_MISMATCH',
    `The server at ${address} is not the one of the token: ${reason}.`,
    {
      cause,
      context: { address },
      hint: `If the cloud was set up anew, its CA has changed. ${freshToken}`,
    },
  );

/** No answer from the provisioning port, or one that says "later". It is tried again. */
export const cloudUnreachable = (address: string, reason: string, cause?: unknown) =>
  new GatehouseError('CLOUD_UNREACHABLE', `The cloud at ${address} cannot be reached: ${reason}.`, {
    retryable: true,
    cause,
    context: { address, system: systemCode(cause) },
    hint: 'Check that the cloud runs, and that name, port and firewall let this device reach it.',
  });

/** The cloud's answer does not fit this device's request. Update both to the same version. */
export const provisionAnswerInvalid = (address: string, reason: string) =>
  new GatehouseError(
    'PROVISION_ANSWER_INVALID',
    `The answer of the cloud at ${address} is unusable: ${reason}.`,
    {
      context: { address },
      hint: 'Run the same version of Gatehouse on the device and in the cloud.',
    },
  );

/** The device has neither a certificate nor a claim token. Give it a token. */
export const claimMissing = () =>
  new GatehouseError('CLAIM_MISSING', 'This device has no certificate yet, and no claim token.', {
    hint: freshToken,
  });

/** The file that should hold the claim token cannot be read. */
export const claimFileUnreadable = (filePath: string, cause: unknown) =>
  new GatehouseError(
    'CLAIM_FILE_UNREADABLE',
    `Cannot read the claim token ${filePath}: ${messageOf(cause)}.`,
    {
      cause,
      context: { filePath, system: systemCode(cause) },
      hint: 'Check identity.claimTokenFile and that this user may read it.',
    },
  );

export interface Validity {
  /** `This device's certificate`. */
  readonly whose: string;
  readonly nowMs: number;
  /** The clock is before the certificate's begin, not after its end. */
  readonly early: boolean;
  /** ISO 8601, where known. */
  readonly validFrom?: string;
  readonly validTo?: string;
}

/** The certificate is past its end, or the clock is before its begin. Set the clock or provision anew. */
export const certificateExpired = ({ whose, nowMs, early, validFrom, validTo }: Validity) => {
  const now = new Date(nowMs).toISOString();
  const from = validFrom === undefined ? '' : ` (${validFrom})`;
  const to = validTo === undefined ? '' : ` (${validTo})`;
  return new GatehouseError(
    'CERTIFICATE_EXPIRED',
    early
      ? `The clock says ${now}, before the begin of ${whose}${from}: the clock is wrong.`
      : `The clock says ${now}, after the end of ${whose}${to}: either is wrong.`,
    {
      retryable: early,
      context: { nowMs, validFrom, validTo },
      hint: early
        ? 'Set the clock: check "timedatectl", the network time service and the network.'
        : 'Check the clock with "timedatectl". If it is right, the certificate must be renewed: for this device, remove the folder "identity" in the data directory and give it a new claim token.',
    },
  );
};

/** A file of the stored identity is missing or unreadable, although provisioning had finished. */
export const identityDamaged = (folder: string, cause: unknown) =>
  new GatehouseError('IDENTITY_DAMAGED', `The identity in ${folder} is damaged: ${messageOf(cause)}.`, {
    cause,
    context: { folder },
    hint: `Restore the folder from a backup, or remove it and give this device a new claim token.`,
  });
