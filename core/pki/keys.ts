/** EC P-256 key pairs: made, written as PKCS #8 in PEM, read back. Private keys never leave this folder. */
import { createHash, createPrivateKey, createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import { x509 } from '../x509.js';

export const signing = { name: 'ECDSA', hash: 'SHA-256' };
const curve = { name: 'ECDSA', namedCurve: 'P-256' };

export type KeyPair = webcrypto.CryptoKeyPair;

export async function generateKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);
}

export async function privateKeyPem(keys: KeyPair): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`;
}

/** Throws a foreign error when `pem` is no P-256 private key. */
export async function readKeys(pem: string): Promise<KeyPair> {
  const key = createPrivateKey(pem);
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, curve, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, curve, true, ['verify']),
  };
}

/** SHA-256 in lower-case hex. */
export function sha256Hex(data: ArrayBuffer | Uint8Array): string {
  return createHash('sha256')
    .update(data instanceof Uint8Array ? data : new Uint8Array(data))
    .digest('hex');
}

/** A positive serial number of 127 random bits, hex (RFC 5280, 4.1.2.2). */
export function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
