/**
 * Sealing: IV || AES-256-CTR ciphertext || Poly1305-AES over the ciphertext. Everything but key
 * files is stored this way. No associated data; what a file is follows from its place.
 */
import { randomBytes, randomFillSync, timingSafeEqual } from 'node:crypto';
import { type MacKeys, type SealingPrimitives, sealingPrimitives } from './sealing-primitives.js';

const ivSizeBytes = 16;
const macSizeBytes = 16;
/** What sealing adds to the plain bytes. */
export const sealOverheadBytes = ivSizeBytes + macSizeBytes;

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

/** As `keyMaterialFrom` takes them. */
export function keyMaterialBytes({ encryption, macNonceKey, macMultiplier }: KeyMaterial): Buffer {
  return Buffer.concat([encryption, macNonceKey, macMultiplier]);
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
  readonly key: KeyMaterial;
  readonly #macKeys: MacKeys;
  readonly #primitives: SealingPrimitives;

  constructor(key: KeyMaterial, primitives: SealingPrimitives = sealingPrimitives()) {
    this.key = key;
    this.#macKeys = { nonceKey: key.macNonceKey, multiplier: key.macMultiplier };
    this.#primitives = primitives;
  }

  /**
   * @param iv 16 bytes, never used twice with one key; random unless told (tests).
   * @returns IV, ciphertext and MAC in one buffer.
   */
  seal(plain: Uint8Array, iv: Uint8Array = freshIv()): Buffer {
    const sealed = Buffer.allocUnsafe(plain.length + sealOverheadBytes);
    this.#sealInto(sealed, plain, iv);
    return sealed;
  }

  /**
   * As `seal`, into the caller's buffer: no memory is taken. `plain` may lie in `room` at 16, where
   * the ciphertext goes.
   * @param room has at least `plain.length` + 32 bytes. @returns the part of it that is sealed.
   */
  sealInto(room: Buffer, plain: Uint8Array): Buffer {
    const sealed = room.subarray(0, plain.length + sealOverheadBytes);
    this.#sealInto(sealed, plain, freshIv());
    return sealed;
  }

  /** @returns the plain bytes, or undefined when they were not sealed with this key or were changed. */
  open(sealed: Uint8Array): Buffer | undefined {
    if (sealed.length < sealOverheadBytes) return undefined;
    return this.openInto(Buffer.allocUnsafe(sealed.length - sealOverheadBytes), sealed);
  }

  /**
   * As `open`, into the caller's buffer, which has room for the plain bytes (`sealed.length` - 32).
   * It may be the ciphertext's own place. @returns the part of `room` that is filled.
   */
  openInto(room: Buffer, sealed: Uint8Array): Buffer | undefined {
    if (!this.isIntact(sealed)) return undefined;
    const iv = sealed.subarray(0, ivSizeBytes);
    const ciphertext = sealed.subarray(ivSizeBytes, sealed.length - macSizeBytes);
    const plain = room.subarray(0, ciphertext.length);
    this.#primitives.crypt(this.key.encryption, iv, ciphertext, plain);
    return plain;
  }

  /** False when they were not sealed with this key or were changed. */
  isIntact(sealed: Uint8Array): boolean {
    if (sealed.length < sealOverheadBytes) return false;
    const macAt = sealed.length - macSizeBytes;
    const mac = Buffer.allocUnsafe(macSizeBytes);
    const iv = sealed.subarray(0, ivSizeBytes);
    this.#primitives.authenticate(mac, this.#macKeys, iv, sealed.subarray(ivSizeBytes, macAt));
    return timingSafeEqual(mac, sealed.subarray(macAt));
  }

  #sealInto(sealed: Buffer, plain: Uint8Array, iv: Uint8Array): void {
    const macAt = sealed.length - macSizeBytes;
    const ciphertext = sealed.subarray(ivSizeBytes, macAt);
    this.#primitives.crypt(this.key.encryption, iv, plain, ciphertext);
    sealed.set(iv);
    this.#primitives.authenticate(sealed.subarray(macAt), this.#macKeys, iv, ciphertext);
  }
}

/** Random bytes are drawn for many IVs at once: a call for sixteen costs as much as one for thousands. */
const ivPool = Buffer.alloc(4096);
let ivAt = ivPool.length;

function freshIv(): Uint8Array {
  if (ivAt === ivPool.length) {
    randomFillSync(ivPool);
    ivAt = 0;
  }
  ivAt += ivSizeBytes;
  return ivPool.subarray(ivAt - ivSizeBytes, ivAt);
}
