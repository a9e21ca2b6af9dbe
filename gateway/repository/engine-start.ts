/** Ties an engine to the writing half of a repository, or for a dry run to nothing. */
import { createHmac } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { ChunkerParameters } from '../chunker/parameters.js';
import { Engine, type EngineTarget } from '../engine/engine.js';
import type { DescribingSettings, SealingSettings, WorkerSettings } from '../engine/protocol.js';
import { TagTable } from '../engine/tag-table.js';
import type { BlobSaver } from './blob-saver.js';
import { keyMaterialBytes, type Sealer } from './crypto.js';
import { sealingPrimitives } from './sealing-primitives.js';

/** Zstandard level of data blobs. Of a copy of /usr it stores 1 % more than restic's default does. */
const dataLevel = 2;

export interface EngineStart {
  /** Most worker threads; one per core unless told. */
  readonly workers?: number | undefined;
  readonly signal: AbortSignal;
  /** Told of each chunk that is taken in, with its plain size. */
  readonly onNew: (sizeBytes: number) => void;
  /** Told of sealed bytes as they are packed. */
  readonly onStored: (sizeBytes: number) => void;
  /** Decides in the repository's place what is new; then nothing is stored. */
  readonly dry?: (id: string) => boolean;
  /** Where tags of what is read are kept, by which it is known again without hashing it. */
  readonly tagsFile?: string | undefined;
  readonly describing: DescribingSettings;
  /** See `EngineOptions`. */
  readonly keepRecords?: ((records: Uint8Array) => void) | undefined;
}

export interface EngineHome {
  readonly saver: BlobSaver;
  readonly sealer: Sealer;
  readonly settings: SealingSettings & Pick<WorkerSettings, 'folder'>;
  readonly blobCount: number;
  readonly chunkerParameters: ChunkerParameters;
}

export function startEngine(home: EngineHome, options: EngineStart): Engine {
  const { sealer, settings, chunkerParameters } = home;
  const { workers = availableParallelism(), signal } = options;
  const target = options.dry === undefined ? storing(home.saver, options) : pretending(options.dry, options);
  // In plain JavaScript a tag takes longer than a hash.
  const filePath = sealingPrimitives().isNative ? options.tagsFile : undefined;
  const { minSizeBytes: leastChunk, maxSizeBytes: content } = chunkerParameters;
  return new Engine({
    settings: {
      ...settings,
      tags: filePath === undefined ? undefined : { filePath, key: tagKey(sealer) },
      slots: { content, leastChunk },
      describing: options.describing,
    },
    sealer,
    target,
    workers,
    tags: filePath === undefined ? undefined : TagTable.open(filePath, mostTags(home.blobCount)),
    keepRecords: options.keepRecords,
    signal,
  });
}

/** Of this use alone: what is learnt of it tells nothing of the keys that seal. */
function tagKey(sealer: Sealer): Buffer {
  return createHmac('sha256', keyMaterialBytes(sealer.key)).update('gatehouse content tags').digest();
}

/** Equal contents at several paths have a tag each. */
function mostTags(blobCount: number): number {
  return 4 * blobCount + 100_000;
}

function storing(saver: BlobSaver, { onNew, onStored }: EngineStart): EngineTarget {
  return {
    stores: true,
    claim(id, sizeBytes) {
      const isNew = saver.claim(id);
      if (isNew) onNew(sizeBytes);
      return isNew;
    },
    stored: onStored,
    whenFree: (signal) => saver.whenFree(signal),
    takePack: (pack) => saver.takePack(pack),
    fail: (error) => saver.fail(error),
  };
}

function pretending(isNew: (id: string) => boolean, { onNew, onStored }: EngineStart): EngineTarget {
  const nothing = () => {};
  return {
    stores: false,
    claim(id, sizeBytes) {
      const counts = isNew(id);
      if (counts) onNew(sizeBytes);
      if (counts) onStored(sizeBytes);
      return counts;
    },
    stored: nothing,
    whenFree: async () => {},
    takePack: nothing,
    fail: nothing,
  };
}

export function workerSettings(parts: {
  readonly sealer: Sealer;
  readonly packSizeBytes: number;
  readonly compressData: boolean;
  readonly polynomial: bigint;
  readonly verifySealed: boolean;
}): SealingSettings {
  const { sealer, compressData, ...others } = parts;
  return {
    ...others,
    level: compressData ? dataLevel : undefined,
    key: keyMaterialBytes(sealer.key),
  };
}
