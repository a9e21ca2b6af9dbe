/** Puts the parts of an unlocked repository together. Makes its spool folder; asks no server. */
import { silentLogger } from '../../core/log.js';
import { CachedBucket } from '../cache/cached-bucket.js';
import { MetadataCache } from '../cache/metadata-cache.js';
import type { SealingSettings } from '../engine/protocol.js';
import { CompactBlobIndex } from './blob-index.js';
import { BlobLoader } from './blob-loader.js';
import { BlobSaver, defaultIndexEveryMs } from './blob-saver.js';
import { workerSettings } from './engine-start.js';
import { type LockContext, thisProcess } from './lock-files.js';
import type { PackCheckContext } from './pack-checker.js';
import { PackSpool, SpoolFolder } from './spool-folder.js';
import type { RepositoryStores } from './stores.js';
import type { RepositoryOptions } from './types.js';
import type { Unlocked } from './unlocking.js';
import { UnpackedFiles } from './unpacked.js';

const defaultPackSizeBytes = 16 * 1024 * 1024;
const defaultUploads = 3;

export interface RepositoryParts extends RepositoryStores {
  readonly cache: MetadataCache | undefined;
  readonly keyId: string;
  readonly saver: BlobSaver;
  readonly loader: BlobLoader;
  readonly spool: SpoolFolder;
  readonly packSpool: PackSpool;
  readonly workers: SealingSettings;
  readonly locks: LockContext;
  readonly checks: PackCheckContext;
}

/** The bucket stays the caller's. */
export async function assemble(
  options: RepositoryOptions,
  { config, sealer, keyId }: Unlocked,
): Promise<RepositoryParts> {
  const { bucket, clock, log = silentLogger, holder = thisProcess() } = options;
  const spool = await SpoolFolder.open(options.temporaryFolder, clock);
  const cache =
    options.cacheFolder && (await MetadataCache.open(options.cacheFolder, config.id, { clock, log }));
  const cached = cache ? new CachedBucket(bucket, cache) : bucket;
  const files = new UnpackedFiles(cached, sealer, config.version);
  const index = new CompactBlobIndex({ folder: spool.path });
  const { packSizeBytes = defaultPackSizeBytes, verifySealed = false } = options;
  const compressData = config.version === 2 && (options.compress ?? true);
  const saver = new BlobSaver({
    bucket,
    sealer,
    index,
    files,
    clock,
    log,
    folder: spool.path,
    packSizeBytes,
    uploads: options.uploads ?? defaultUploads,
    indexEveryMs: options.indexEveryMs ?? defaultIndexEveryMs,
    compressData,
    compressTrees: config.version === 2,
    verifySealed,
  });
  const workers = workerSettings({
    sealer,
    packSizeBytes,
    compressData,
    polynomial: config.polynomial,
    verifySealed,
  });
  return {
    config,
    bucket,
    clock,
    sealer,
    keyId,
    files,
    index,
    saver,
    loader: new BlobLoader(bucket, sealer, index, cache || undefined),
    cache: cache || undefined,
    spool,
    packSpool: new PackSpool([bucket.spoolFolder ?? spool.path, spool.path], clock),
    workers,
    locks: { ...options, files, log, holder },
    checks: { bucket, sealer, index, folder: spool.path },
  };
}
