/**
 * Key files: the repository's master key, sealed with a key that scrypt derives from the password.
 * The storage side can read, replace and add these files, so every number in them is bounded.
 */
import { randomBytes, scrypt } from 'node:crypto';
import type { Bucket, BucketEntry, CallOptions } from '../bucket/bucket.js';
import { repositoryDamaged, wrongPassword } from '../errors.js';
import { isValidKeyMaterial, type KeyMaterial, keyMaterialFrom, Sealer } from './crypto.js';
import { encodeGoJson } from './go-json.js';
import { folderOf, idFromKey, keyOf, sha256Hex } from './layout.js';
import { asFields, base64Field, integerField, storedFields, textField } from './stored-fields.js';
import type { LockHolder, ScryptCost } from './types.js';

const saltSizeBytes = 64;
/** As many as restic tries. */
const maxKeysTried = 20;
const maxKeyFileBytes = 64 * 1024;
/** restic calibrates to at most 60 MB; this leaves room for stronger keys. */
const maxMemoryBytes = 256 * 1024 * 1024;
/** About twenty-five times the usual work, ten seconds or so on a PC. */
const maxWork = 2 ** 26;

export const defaultScryptCost: ScryptCost = { n: 32768, r: 8, p: 4 };

export interface KeyInfo {
  readonly id: string;
  /** RFC 3339, as it was written; empty when absent. */
  readonly created: string;
  readonly username: string;
  readonly hostname: string;
}

/** Every key file, in no promised order; one that cannot be read is listed with nothing but its id. */
export async function* listKeyFiles(bucket: Bucket, options?: CallOptions): AsyncGenerator<KeyInfo> {
  for await (const { key, sizeBytes } of bucket.list(folderOf('key'), options)) {
    const id = idFromKey(key);
    if (id === undefined) continue;
    const file = sizeBytes > maxKeyFileBytes ? undefined : await bucket.get(key, options);
    const fields = (file && storedFields(file)) ?? {};
    const text = (name: string) => textField(fields, name) ?? '';
    yield { id, created: text('created'), username: text('username'), hostname: text('hostname') };
  }
}

/** Writes a key file for `master`. @returns its id. */
export async function createKeyFile(options: {
  readonly bucket: Bucket;
  readonly password: string;
  readonly master: KeyMaterial;
  readonly cost: ScryptCost;
  readonly holder: LockHolder;
  readonly nowMs: number;
  readonly signal?: AbortSignal;
}): Promise<string> {
  const { bucket, master, cost, holder } = options;
  const salt = randomBytes(saltSizeBytes);
  const user = await deriveKey(options.password, salt, cost);
  const plain = encodeGoJson({
    mac: { k: toBase64(master.macNonceKey), r: toBase64(master.macMultiplier) },
    encrypt: toBase64(master.encryption),
  });
  const file = Buffer.from(
    encodeGoJson({
      created: new Date(options.nowMs).toISOString(),
      username: holder.username,
      hostname: holder.hostname,
      kdf: 'scrypt',
      N: cost.n,
      r: cost.r,
      p: cost.p,
      salt: toBase64(salt),
      data: toBase64(new Sealer(user).seal(Buffer.from(plain))),
    }),
  );
  const id = sha256Hex(file);
  await bucket.put(keyOf('key', id), file, options.signal ? { signal: options.signal } : {});
  return id;
}

/**
 * The master key, from the first key file that the password opens.
 * @throws WRONG_PASSWORD when none opens, REPOSITORY_DAMAGED when none is even usable.
 */
export async function openMasterKey(
  bucket: Bucket,
  password: string,
  options?: CallOptions,
): Promise<{ readonly master: KeyMaterial; readonly keyId: string }> {
  let unusable: { id: string; why: string } | undefined;
  let tried = 0;
  for await (const entry of bucket.list(folderOf('key'), options)) {
    const id = idFromKey(entry.key);
    if (id === undefined) continue;
    if (tried === maxKeysTried) break;
    const outcome = await tryKeyFile(bucket, entry, password, options);
    if (outcome === undefined) tried++;
    // A bad file next to a good one must not keep the owner out, so the search goes on.
    else if (typeof outcome === 'string') unusable = { id, why: outcome };
    else return { master: outcome, keyId: id };
  }
  if (tried === 0 && unusable !== undefined) throw repositoryDamaged(`key file ${unusable.id}`, unusable.why);
  if (tried === 0) throw repositoryDamaged('set of key files', 'there is none');
  throw wrongPassword(bucket.location);
}

async function tryKeyFile(
  bucket: Bucket,
  entry: BucketEntry,
  password: string,
  options?: CallOptions,
): Promise<KeyMaterial | string | undefined> {
  if (entry.sizeBytes > maxKeyFileBytes) return 'it is too large';
  const file = await bucket.get(entry.key, options);
  return file === undefined ? 'it is gone' : openKeyFile(file, password);
}

/** The master key; undefined when the password does not fit; a reason when the file is no usable key. */
export async function openKeyFile(
  file: Uint8Array,
  password: string,
): Promise<KeyMaterial | string | undefined> {
  const parsed = readKeyFile(file);
  if (parsed === undefined) return 'it is not a key file with an scrypt key';
  const { n, r, p, salt, data } = parsed;
  if (salt.length !== saltSizeBytes) return 'its salt does not have 64 bytes';
  if (!isBearable({ n, r, p })) return 'its scrypt cost is out of bounds';
  const plain = new Sealer(await deriveKey(password, salt, { n, r, p })).open(data);
  if (plain === undefined) return undefined;
  const key = readMasterKey(plain);
  if (key === undefined) return 'it holds no master key';
  return isValidKeyMaterial(key) ? key : 'it holds an invalid master key';
}

function readKeyFile(file: Uint8Array): (ScryptCost & { salt: Buffer; data: Buffer }) | undefined {
  const fields = storedFields(file) ?? {};
  const [n, r, p] = ['N', 'r', 'p'].map((key) => integerField(fields, key) ?? 0) as [number, number, number];
  const salt = base64Field(fields, 'salt');
  const data = base64Field(fields, 'data');
  const isWhole = fields['kdf'] === 'scrypt' && n >= 2 && r >= 1 && p >= 1;
  return isWhole && salt !== undefined && data !== undefined ? { n, r, p, salt, data } : undefined;
}

function readMasterKey(plain: Uint8Array): KeyMaterial | undefined {
  const fields = storedFields(plain) ?? {};
  const mac = asFields(fields['mac']) ?? {};
  const encryption = base64Field(fields, 'encrypt');
  const macNonceKey = base64Field(mac, 'k');
  const macMultiplier = base64Field(mac, 'r');
  if (encryption === undefined || macNonceKey === undefined || macMultiplier === undefined) return undefined;
  return { encryption, macNonceKey, macMultiplier };
}

/** The key that a password stands for. @param cost must be bearable. */
export async function deriveKey(password: string, salt: Uint8Array, cost: ScryptCost): Promise<KeyMaterial> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 2 * maxMemoryBytes };
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    scrypt(password, salt, 64, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
  return keyMaterialFrom(bytes);
}

function isBearable({ n, r, p }: ScryptCost): boolean {
  const powerOfTwo = Number.isInteger(Math.log2(n));
  return powerOfTwo && r * p < 2 ** 30 && 128 * r * (n + p) <= maxMemoryBytes && n * r * p <= maxWork;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
