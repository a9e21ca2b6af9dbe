/** The repository's config: version, id and chunker polynomial, sealed, in one file of fixed name. */
import { randomBytes } from 'node:crypto';
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import { degree, isIrreducible, pickPolynomial, polynomialDegree } from '../chunker/polynomial.js';
import { repositoryDamaged, repositoryMissing, repositoryVersionUnknown } from '../errors.js';
import type { Sealer } from './crypto.js';
import { encodeGoJson, type JsonValue } from './go-json.js';
import { configKey } from './layout.js';
import { integerField, storedFields, textField } from './stored-fields.js';

export interface RepositoryConfig {
  readonly version: 1 | 2;
  readonly id: string;
  readonly polynomial: bigint;
}

export function newConfig(version: 1 | 2, polynomial?: bigint): RepositoryConfig {
  return {
    version,
    id: randomBytes(32).toString('hex'),
    polynomial: polynomial ?? pickPolynomial(randomBytes),
  };
}

export async function saveConfig(
  bucket: Bucket,
  sealer: Sealer,
  config: RepositoryConfig,
  options?: CallOptions,
): Promise<void> {
  const json = encodeGoJson({
    version: config.version,
    id: config.id,
    chunker_polynomial: config.polynomial.toString(16),
  });
  await bucket.put(configKey, sealer.seal(Buffer.from(json)), options);
}

/**
 * Makes the repository one of version 2; fields of other programs stay. The bucket replaces the file
 * in one step. @throws REPOSITORY_MISSING, REPOSITORY_DAMAGED, REPOSITORY_VERSION.
 */
export async function upgradeConfig(bucket: Bucket, sealer: Sealer, options?: CallOptions): Promise<void> {
  await loadConfig(bucket, sealer, options);
  const plain = sealer.open((await bucket.get(configKey, options)) ?? Buffer.alloc(0));
  const fields = JSON.parse((plain ?? Buffer.from('{}')).toString('utf8')) as Record<string, JsonValue>;
  const json = encodeGoJson({ ...fields, version: 2 });
  await bucket.put(configKey, sealer.seal(Buffer.from(json)), options);
}

/** @throws REPOSITORY_MISSING, REPOSITORY_DAMAGED, REPOSITORY_VERSION. */
export async function loadConfig(
  bucket: Bucket,
  sealer: Sealer,
  options?: CallOptions,
): Promise<RepositoryConfig> {
  const sealed = await bucket.get(configKey, options);
  if (sealed === undefined) throw repositoryMissing(bucket.location);
  const plain = sealer.open(sealed);
  if (plain === undefined) throw repositoryDamaged('config', 'it was not sealed with the master key');
  return parseConfigFile(plain.toString('utf8'));
}

/** Other programs keep fields of their own here; they are ignored. */
function parseConfigFile(text: string): RepositoryConfig {
  const fields = storedFields(text);
  if (fields === undefined) throw repositoryDamaged('config', 'it is no JSON object');
  const version = integerField(fields, 'version');
  const id = textField(fields, 'id') ?? '';
  const digits = textField(fields, 'chunker_polynomial') ?? '';
  if (version === undefined || !/^[0-9a-f]{64}$/.test(id) || !/^[0-9a-f]{1,16}$/.test(digits)) {
    throw repositoryDamaged('config', 'a field is missing or malformed');
  }
  if (version !== 1 && version !== 2) throw repositoryVersionUnknown(version);
  const polynomial = BigInt(`0x${digits}`);
  if (degree(polynomial) !== polynomialDegree || !isIrreducible(polynomial)) {
    throw repositoryDamaged('config', 'the chunker polynomial is not irreducible of degree 53');
  }
  return { version, id, polynomial };
}
