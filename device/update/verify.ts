/** Proves that a release is the one that was signed, by a key that the device was given beforehand. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { releaseStatement, type SignedRelease } from '../../core/wire/update.js';
import { artifactDamaged, publicKeyUnreadable, signatureWrong } from './errors.js';

/** @throws PUBLIC_KEY_UNREADABLE */
export async function loadPublicKey(filePath: string): Promise<KeyObject> {
  try {
    const key = createPublicKey(await readFile(filePath));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`it is a key of kind ${key.asymmetricKeyType}`);
    return key;
  } catch (error) {
    throw publicKeyUnreadable(filePath, error);
  }
}

/** Before anything is downloaded. @throws SIGNATURE_WRONG */
export function checkSignature(release: SignedRelease, key: KeyObject): void {
  const signature = Buffer.from(release.signature, 'base64');
  if (!verify(null, Buffer.from(releaseStatement(release)), key, signature)) throw signatureWrong();
}

/** @throws ARTIFACT_DAMAGED */
export async function checkDigest(filePath: string, release: SignedRelease): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(filePath)) hash.update(chunk as Buffer);
  const digest = hash.digest('hex');
  if (digest !== release.sha256) throw artifactDamaged(`its digest is ${digest.slice(0, 12)}…`);
}
