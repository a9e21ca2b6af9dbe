/**
 * The two steps of sealing, AES-256-CTR and Poly1305-AES, over the caller's own buffers: OpenSSL's
 * functions inside Node where they can be called, Node's ciphers and plain JavaScript else. Both
 * give the same bytes; only the speed differs (about ten times).
 */
import { type Cipher, createCipheriv } from 'node:crypto';
import { Poly1305 } from '@noble/ciphers/_poly1305.js';
import { type Handle, openNativeLibrary } from './native-library.js';

/** Poly1305 in JavaScript copies what it is fed; pieces of this size stay in the processor's cache. */
const macPieceBytes = 64 * 1024;
const blockBytes = 16;

export interface SealingPrimitives {
  /** OpenSSL's own. */
  readonly isNative: boolean;
  /** AES-256-CTR, which is its own inverse. `output` has the size of `input` and may be the same memory. */
  crypt(key: Uint8Array, iv: Uint8Array, input: Uint8Array, output: Uint8Array): void;
  /**
   * Poly1305-AES of `message`, with `tail` behind it, with the one-time key multiplier || AES-128(nonceKey, iv).
   * @param mac takes the 16 bytes.
   */
  authenticate(mac: Uint8Array, keys: MacKeys, iv: Uint8Array, message: Uint8Array, tail?: Uint8Array): void;
}

export interface MacKeys {
  readonly nonceKey: Uint8Array;
  readonly multiplier: Uint8Array;
}

let chosen: SealingPrimitives | undefined;

/** The fastest that this process has; chosen once. */
export function sealingPrimitives(): SealingPrimitives {
  chosen ??= nativePrimitives() ?? portablePrimitives();
  return chosen;
}

/** What every Node can do. Exported for tests. */
export function portablePrimitives(): SealingPrimitives {
  const nonceCiphers = new WeakMap<Uint8Array, Cipher>();
  const encryptedNonce = (key: Uint8Array, iv: Uint8Array) => {
    // ECB without padding has no state between blocks, so that one cipher serves every call.
    let cipher = nonceCiphers.get(key);
    if (cipher === undefined) {
      cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      nonceCiphers.set(key, cipher);
    }
    return cipher.update(iv);
  };
  return {
    isNative: false,
    crypt(key, iv, input, output) {
      output.set(createCipheriv('aes-256-ctr', key, iv).update(input));
    },
    authenticate(mac, { multiplier, nonceKey }, iv, message, tail) {
      const key = Buffer.allocUnsafe(32);
      key.set(multiplier);
      key.set(encryptedNonce(nonceKey, iv), blockBytes);
      const poly = new Poly1305(key);
      for (let at = 0; at < message.length; at += macPieceBytes) {
        poly.update(message.subarray(at, at + macPieceBytes));
      }
      if (tail !== undefined) poly.update(tail);
      mac.set(poly.digest());
    },
  };
}

/** Undefined where OpenSSL's functions cannot be called. Exported for tests. */
export function nativePrimitives(): SealingPrimitives | undefined {
  try {
    const calls = bindOpenSsl();
    const native = calls && overOpenSsl(calls);
    // A library that is there but answers otherwise must not decide what is stored.
    return native && agree(native, portablePrimitives()) ? native : undefined;
  } catch {
    return undefined;
  }
}

interface OpenSsl {
  readonly cipher: Handle;
  readonly mac: Handle;
  readonly aes256Ctr: Handle;
  readonly aes128Ecb: Handle;
  init(cipher: Handle, type: Handle, engine: null, key: Uint8Array, iv: Uint8Array | null): number;
  update(cipher: Handle, output: Uint8Array, length: Int32Array, input: Uint8Array, size: number): number;
  macInit(mac: Handle, key: Uint8Array, size: number, parameters: null): number;
  macUpdate(mac: Handle, message: Uint8Array, size: number): number;
  macFinal(mac: Handle, output: Uint8Array, length: BigUint64Array, room: number): number;
}

function bindOpenSsl(): OpenSsl | undefined {
  const library = openNativeLibrary([null]);
  if (library === undefined) return undefined;
  const func: typeof library.func = (name, result, parameters) => library.func(name, result, parameters);
  const bytes = 'uint8_t*';
  const fetchMac = func<(context: null, name: string, properties: null) => Handle | null>(
    'EVP_MAC_fetch',
    'void*',
    ['void*', 'str', 'str'],
  );
  const poly1305 = fetchMac(null, 'POLY1305', null);
  const mac = func<(mac: Handle | null) => Handle | null>('EVP_MAC_CTX_new', 'void*', ['void*'])(poly1305);
  const cipher = func<() => Handle | null>('EVP_CIPHER_CTX_new', 'void*', [])();
  const aes256Ctr = func<() => Handle | null>('EVP_aes_256_ctr', 'void*', [])();
  const aes128Ecb = func<() => Handle | null>('EVP_aes_128_ecb', 'void*', [])();
  if (mac === null || cipher === null || aes256Ctr === null || aes128Ecb === null) return undefined;
  return {
    cipher,
    mac,
    aes256Ctr,
    aes128Ecb,
    init: func('EVP_EncryptInit_ex', 'int', ['void*', 'void*', 'void*', bytes, bytes]),
    update: func('EVP_EncryptUpdate', 'int', ['void*', bytes, 'int*', bytes, 'int']),
    macInit: func('EVP_MAC_init', 'int', ['void*', bytes, 'size_t', 'void*']),
    macUpdate: func('EVP_MAC_update', 'int', ['void*', bytes, 'size_t']),
    macFinal: func('EVP_MAC_final', 'int', ['void*', bytes, 'size_t*', 'size_t']),
  };
}

/** One set of contexts and scratch serves every call: calls are synchronous, and each thread has its own. */
function overOpenSsl(calls: OpenSsl): SealingPrimitives {
  const { cipher, mac } = calls;
  const length = new Int32Array(1);
  const macLength = new BigUint64Array(1);
  const oneTimeKey = Buffer.alloc(32);
  // An ECB update may hold a block back for padding; room for two.
  const nonce = Buffer.alloc(2 * blockBytes);
  const demand = (result: number) => {
    if (result !== 1) throw new Error('OpenSSL refused a step of sealing');
  };
  return {
    isNative: true,
    crypt(key, iv, input, output) {
      demand(calls.init(cipher, calls.aes256Ctr, null, key, iv));
      if (input.length > 0) demand(calls.update(cipher, output, length, input, input.length));
    },
    authenticate(result, { multiplier, nonceKey }, iv, message, tail) {
      demand(calls.init(cipher, calls.aes128Ecb, null, nonceKey, null));
      demand(calls.update(cipher, nonce, length, iv, blockBytes));
      oneTimeKey.set(multiplier);
      oneTimeKey.set(nonce.subarray(0, blockBytes), blockBytes);
      demand(calls.macInit(mac, oneTimeKey, oneTimeKey.length, null));
      if (message.length > 0) demand(calls.macUpdate(mac, message, message.length));
      if (tail !== undefined) demand(calls.macUpdate(mac, tail, tail.length));
      demand(calls.macFinal(mac, result, macLength, blockBytes));
    },
  };
}

function agree(one: SealingPrimitives, other: SealingPrimitives): boolean {
  const sample = Buffer.from(Array.from({ length: 100 }, (_, i) => (i * 37) & 0xff));
  const keys = { nonceKey: sample.subarray(1, 17), multiplier: sample.subarray(20, 36) };
  const [first, second] = [one, other].map((primitives) => {
    const output = Buffer.alloc(sample.length + blockBytes);
    primitives.crypt(sample.subarray(3, 35), sample.subarray(40, 56), sample, output.subarray(0, 100));
    primitives.authenticate(
      output.subarray(100),
      keys,
      sample.subarray(60, 76),
      sample,
      sample.subarray(7, 40),
    );
    return output;
  });
  return first !== undefined && second !== undefined && first.equals(second);
}
