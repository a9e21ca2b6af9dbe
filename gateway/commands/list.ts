/** Lists what a repository is made of, by kind, as restic's `list` does. */
import type { Repository } from '../repository/repository.js';
import type { BlobType, CallOptions, FileKind } from '../repository/types.js';

export type ListedKind = 'blobs' | 'packs' | 'index' | 'snapshots' | 'keys' | 'locks';

export interface ListedObject {
  readonly id: string;
  /** Of blobs only. */
  readonly type?: BlobType;
}

const fileKinds: Readonly<Record<Exclude<ListedKind, 'blobs'>, FileKind>> = {
  packs: 'pack',
  index: 'index',
  snapshots: 'snapshot',
  keys: 'key',
  locks: 'lock',
};

/** In no promised order; a blob that lies in two packs comes twice. Loads the index for blobs. */
export async function* listObjects(
  repository: Repository,
  kind: ListedKind,
  options?: CallOptions,
): AsyncGenerator<ListedObject> {
  if (kind !== 'blobs') {
    for await (const { id } of repository.listFiles(fileKinds[kind], options)) yield { id };
    return;
  }
  await repository.loadIndex(options);
  for (const { packId } of repository.indexedPacks()) {
    for (const { id, type } of repository.blobsOfPack(packId)) yield { id, type };
  }
}
