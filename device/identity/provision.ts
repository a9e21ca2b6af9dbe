/**
 * Turns a claim token into an identity: key, request, one call to the cloud, files. Safe to repeat
 * after a crash at any point: the same key asks again, and the cloud answers it as before.
 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { makePrivateFolder } from '../../core/files.js';
import type { ClaimToken } from '../../core/wire/claim-token.js';
import type { ProvisionResponse } from '../../core/wire/messages.js';
import { certificateRequest } from './certificate-request.js';
import { loadOrCreateKey } from './device-key.js';
import { sha256Hex } from './digest.js';
import { claimCaMismatch, identityDamaged, provisionAnswerInvalid } from './errors.js';
import { type Identity, identityPaths, loadIdentity, saveIdentity } from './identity.js';
import { requestCertificate } from './provision-request.js';
import { fetchCa } from './trusted-ca.js';

export interface ProvisionOptions {
  /** Where the identity is kept. */
  readonly folder: string;
  readonly token: ClaimToken;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * @throws CLOUD_UNREACHABLE (retryable), CLAIM_REFUSED, CLAIM_CA_MISMATCH, CERTIFICATE_EXPIRED when
 * the clock denies the server's certificate, PROVISION_ANSWER_INVALID, INTERRUPTED.
 */
export async function provision({ folder, token, clock, signal }: ProvisionOptions): Promise<Identity> {
  await makePrivateFolder(folder);
  const key = await loadOrCreateKey(identityPaths(folder).privateKeyPath);
  const caPem = await fetchCa(token, clock, signal);
  const answer = await requestCertificate({
    token,
    caPem,
    certificateSigningRequest: await certificateRequest(key, 'gatehouse-device'),
    clock,
    ...(signal === undefined ? {} : { signal }),
  });
  checkAnswer(answer, token, key);
  await saveIdentity(folder, answer);
  const identity = await loadIdentity(folder);
  if (identity === undefined) throw identityDamaged(folder, new Error('it was removed meanwhile'));
  return identity;
}

function checkAnswer(answer: ProvisionResponse, token: ClaimToken, key: KeyObject): void {
  const address = `${token.host}:${token.port}`;
  const ca = parse(answer.caPem, address);
  const certificate = parse(answer.certificatePem, address);
  if (sha256Hex(ca.raw) !== token.caSha256) throw claimCaMismatch(address, 'it answered with another CA');
  if (!certificate.verify(ca.publicKey))
    throw provisionAnswerInvalid(address, 'its CA did not sign the certificate');
  const same = createPublicKey(key).equals(certificate.publicKey);
  if (!same) throw provisionAnswerInvalid(address, 'the certificate is for another key');
}

function parse(pem: string, address: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw provisionAnswerInvalid(address, 'a certificate in it cannot be read');
  }
}
