/** A device's key and certificate request, as an agent makes them. */
import { webcrypto } from 'node:crypto';
import { x509 } from '../../core/x509.js';

export interface DeviceRequestFixture {
  readonly keyPem: string;
  readonly csrPem: string;
}

export async function makeDeviceRequest(
  curve: 'P-256' | 'P-384' | 'P-521' = 'P-256',
): Promise<DeviceRequestFixture> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: curve }, true, [
    'sign',
    'verify',
  ]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=whatever the device says',
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), csrPem: request.toString('pem') };
}
