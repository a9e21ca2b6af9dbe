/**
 * Sealing: IV || AES-256-CTR ciphertext || Poly1305-AES over the ciphertext. Everything but key
 * files is stored this way. No associated data; what a file is follows from its place.
 */
import { type Cipher, createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import { Poly1305 } from '@noble/ciphers/_poly1305.js';

const ivSizeBytes = 16;
const macSizeBytes = 16;
/** What sealing adds to the plain bytes. */
export const sealOverheadBytes = ivSizeBytes + macSizeBytes;

/** Poly1305 copies what it is fed; pieces of this size stay in the processor's cache. */
const macPieceBytes = 64 * 1024;

export interface KeyMaterial {
  /** AES-256 key, 32 bytes. */
  readonly encryption: Uint8Array;
  /** AES-128 key that encrypts the IV for the MAC, 16 bytes ("k"). */
  readonly macNonceKey: Uint8Array;
  /** Poly1305 multiplier, 16 bytes, masked or not ("r"). */
  readonly macMultiplier: Uint8Array;
}

/** Key material from 64 bytes in restic's order: encryption, k, r. */
export function keyMaterialFrom(bytes: Uint8Array): KeyMaterial {
  return {
    encryption: bytes.subarray(0, 32),
    macNonceKey: bytes.subarray(32, 48),
    macMultiplier: bytes.subarray(48, 64),
  };
}

export function randomKeyMaterial(): KeyMaterial {
  return keyMaterialFrom(randomBytes(64));
}

/** False when a part has the wrong length or is all zero, which restic refuses too. */
export function isValidKeyMaterial(key: KeyMaterial): boolean {
  const fits = (part: Uint8Array, size: number) => part.length === size && part.some((byte) => byte !== 0);
  return fits(key.encryption, 32) && fits(key.macNonceKey, 16) && fits(key.macMultiplier, 16);
}

/** Seals and opens with one key. Holds no other state. */
export class Sealer {
  readonly #key: KeyMaterial;
  // ECB without padding has no state between blocks, so that one cipher serves every call.
  readonly #nonceCipher: Cipher;

  constructor(key: KeyMaterial) {
    this.#key = key;
    this.#nonceCipher = createCipheriv('aes-128-ecb', key.macNonceKey, null).setAutoPadding(false);
  }

  /**
   * @param iv 16 bytes, never used twice with one key; random unless told (tests).
   * @returns IV, ciphertext and MAC in one buffer.
   */
  seal(plain: Uint8Array, iv: Uint8Array = randomBytes(ivSizeBytes)): Buffer {
    const sealed = Buffer.allocUnsafe(plain.length + sealOverheadBytes);
    sealed.set(iv);
    const cipher = createCipheriv('aes-256-ctr', this.#key.encryption, iv);
    sealed.set(cipher.update(plain), ivSizeBytes);
    const macAt = ivSizeBytes + plain.length;
    sealed.set(this.#mac(iv, sealed.subarray(ivSizeBytes, macAt)), macAt);
    return sealed;
  }

  /** @returns the plain bytes, or undefined when they were not sealed with this key or were changed. */
  open(sealed: Uint8Array): Buffer | undefined {
    if (sealed.length < sealOverheadBytes) return undefined;
    const iv = sealed.subarray(0, ivSizeBytes);
    const macAt = sealed.length - macSizeBytes;
    const ciphertext = sealed.subarray(ivSizeBytes, macAt);
    if (!timingSafeEqual(this.#mac(iv, ciphertext), sealed.subarray(macAt))) return undefined;
    return createDecipheriv('aes-256-ctr', this.#key.encryption, iv).update(ciphertext);
  }

  #mac(iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    return poly1305Aes(this.#key.macMultiplier, this.#nonceCipher.update(iv), ciphertext);
  }
}

/** Poly1305 with the one-time key multiplier || encryptedNonce. */
function poly1305Aes(multiplier: Uint8Array, encryptedNonce: Uint8Array, message: Uint8Array): Uint8Array {
  const key = Buffer.allocUnsafe(32);
  key.set(multiplier);
  key.set(encryptedNonce, 16);
  const mac = new Poly1305(key);
  for (let at = 0; at < message.length; at += macPieceBytes) {
    mac.update(message.subarray(at, at + macPieceBytes));
  }
  return mac.digest();
}
