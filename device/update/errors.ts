/** Why an update does not go through; the sentence goes into the job's details. */
import { GatehouseError } from '../../core/errors.js';

/** The artifact cannot be had: wrong address, or the server refuses it. */
export const downloadFailed = (reason: string, retryable: boolean, cause?: unknown) =>
  new GatehouseError('DOWNLOAD_FAILED', `The artifact cannot be downloaded: ${reason}.`, {
    retryable,
    cause,
  });

/** The server turns the URL away: it has run out, or was never good. */
export const downloadRefused = (status: number) =>
  new GatehouseError('DOWNLOAD_REFUSED', `The artifact cannot be downloaded: the server answers ${status}.`);

/** The artifact is not what was signed: it was damaged or exchanged. */
export const artifactDamaged = (fault: string) =>
  new GatehouseError('ARTIFACT_DAMAGED', `The artifact is not what was signed: ${fault}.`);

/** The release was not signed with the key that this device trusts. */
export const signatureWrong = () =>
  new GatehouseError('SIGNATURE_WRONG', 'The release is not signed with the key that this device trusts.', {
    hint: 'Sign it with the key whose public half is in "update.publicKeyFile" of the agent.',
  });

/** The artifact is no tar.gz with bin/gatehouse.mjs in it, or the disk is full. */
export const unpackFailed = (reason: string) =>
  new GatehouseError('UNPACK_FAILED', `The artifact cannot be unpacked: ${reason}.`);

/** The key file cannot be read. */
export const publicKeyUnreadable = (filePath: string, cause: unknown) =>
  new GatehouseError('PUBLIC_KEY_UNREADABLE', `${filePath} holds no Ed25519 public key.`, {
    cause,
    hint: 'Put the .pub file there that "gatehouse release keygen" made.',
  });
