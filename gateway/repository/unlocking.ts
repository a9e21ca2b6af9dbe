/** From a bucket and a password to the config and the master key: creating and opening. */
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import { repositoryExists, repositoryMissing } from '../errors.js';
import { loadConfig, newConfig, type RepositoryConfig, saveConfig } from './config.js';
import { randomKeyMaterial, Sealer } from './crypto.js';
import { createKeyFile, defaultScryptCost, openMasterKey } from './keys.js';
import { configKey, folderOf } from './layout.js';
import type { FileKind, InitOptions, LockHolder, RepositoryOptions } from './types.js';

export interface Unlocked {
  readonly config: RepositoryConfig;
  readonly sealer: Sealer;
  /** The key file that the password opened. */
  readonly keyId: string;
}

/** @throws REPOSITORY_EXISTS when there is a config, or data that only a lost config could explain. */
export async function createRepository(
  options: InitOptions & { readonly holder: LockHolder },
): Promise<Unlocked> {
  const { bucket } = options;
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  await bucket.prepare(call);
  await throwIfUsed(bucket, call);
  const master = randomKeyMaterial();
  const sealer = new Sealer(master);
  const config = newConfig(options.version ?? 2, options.polynomial);
  const keyId = await createKeyFile({
    bucket,
    password: options.password.reveal(),
    master,
    cost: options.scryptCost ?? defaultScryptCost,
    holder: options.holder,
    nowMs: options.clock.now(),
    ...call,
  });
  await saveConfig(bucket, sealer, config, call);
  return { config, sealer, keyId };
}

/** @throws REPOSITORY_MISSING, WRONG_PASSWORD, REPOSITORY_VERSION, REPOSITORY_DAMAGED. */
export async function unlockRepository(options: RepositoryOptions): Promise<Unlocked> {
  const { bucket } = options;
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  if ((await bucket.stat(configKey, call)) === undefined) throw repositoryMissing(bucket.location);
  const { master, keyId } = await openMasterKey(bucket, options.password.reveal(), call);
  const sealer = new Sealer(master);
  return { config: await loadConfig(bucket, sealer, call), sealer, keyId };
}

async function throwIfUsed(bucket: Bucket, call: CallOptions): Promise<void> {
  if ((await bucket.stat(configKey, call)) !== undefined) throw repositoryExists(bucket.location, configKey);
  for (const kind of ['index', 'snapshot', 'pack'] satisfies FileKind[]) {
    for await (const { key } of bucket.list(folderOf(kind), call)) {
      throw repositoryExists(bucket.location, `${key}, without a config`);
    }
  }
  // A key alone is what an interrupted init leaves: nothing was ever sealed with it.
  for await (const { key } of bucket.list(folderOf('key'), call)) await bucket.delete(key, call);
}
