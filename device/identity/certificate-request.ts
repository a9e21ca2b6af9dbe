/** The PKCS #10 request by which the device asks for its certificate. Its library is loaded for this alone. */
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** @param commonName a hint; the cloud decides the thing's name. Letters, digits, `-` and `_` only. */
export async function certificateRequest(privateKey: KeyObject, commonName: string): Promise<string> {
  const { x509 } = await import('../../core/x509.js');
  const keys = {
    privateKey: await webcrypto.subtle.importKey(
      'pkcs8',
      privateKey.export({ format: 'der', type: 'pkcs8' }),
      algorithm,
      false,
      ['sign'],
    ),
    publicKey: await webcrypto.subtle.importKey(
      'spki',
      createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
      algorithm,
      true,
      ['verify'],
    ),
  };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}
