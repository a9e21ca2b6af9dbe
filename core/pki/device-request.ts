/** A device's certificate request, parsed and proven to be signed by the key that it holds. */
import { createPublicKey } from 'node:crypto';
import { messageOf } from '../errors.js';
import { x509 } from '../x509.js';
import { csrInvalid } from './errors.js';
import { sha256Hex } from './keys.js';

export interface DeviceRequest {
  readonly publicKey: InstanceType<typeof x509.PublicKey>;
  /** SHA-256 of the public key (SPKI in DER), lower-case hex: tells one device's key from another's. */
  readonly publicKeySha256: string;
}

const maxPemLength = 16_384;

/**
 * What the request asks for (subject, extensions) is ignored: the thing's name comes from the claim.
 * @throws CSR_INVALID
 */
export async function readDeviceRequest(csrPem: string): Promise<DeviceRequest> {
  if (csrPem.length > maxPemLength) throw csrInvalid('it is too long');
  let request: InstanceType<typeof x509.Pkcs10CertificateRequest>;
  let spki: Buffer;
  try {
    request = new x509.Pkcs10CertificateRequest(csrPem);
    spki = Buffer.from(request.publicKey.rawData);
  } catch (error) {
    throw csrInvalid(`it cannot be read (${messageOf(error)})`, error);
  }
  if (!isStrongEnough(spki)) throw csrInvalid('its key is of a kind or size that is not accepted');
  if (!(await verifies(request))) throw csrInvalid('its signature does not fit its key');
  return { publicKey: request.publicKey, publicKeySha256: sha256Hex(spki) };
}

async function verifies(request: InstanceType<typeof x509.Pkcs10CertificateRequest>): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    return false;
  }
}

/** The key kinds that AWS IoT Core takes. */
function isStrongEnough(spki: Buffer): boolean {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const details = key.asymmetricKeyDetails ?? {};
    if (key.asymmetricKeyType === 'rsa') return (details.modulusLength ?? 0) >= 2_048;
    if (key.asymmetricKeyType !== 'ec') return false;
    return ['prime256v1', 'secp384r1'].includes(details.namedCurve ?? '');
  } catch {
    return false;
  }
}
