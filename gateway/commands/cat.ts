/** Shows single objects of a repository, as restic's `cat` does: JSON with indent, blobs and packs raw. */
import { fileUnknown, repositoryDamaged, repositoryFileMissing } from '../errors.js';
import { encodeGoJson } from '../repository/go-json.js';
import { configKey, isId, keyOf, sha256Hex } from '../repository/layout.js';
import type { Repository } from '../repository/repository.js';
import type { BlobType, CallOptions } from '../repository/types.js';
import { decodeTree } from '../tree/tree.js';
import { noSuchFolder } from './errors.js';
import { resolveFileId } from './file-ids.js';
import { indentJson } from './indent-json.js';
import { findSnapshot, splitSnapshotPath } from './snapshots.js';

export type CatKind =
  | 'config'
  | 'masterkey'
  | 'pack'
  | 'blob'
  | 'snapshot'
  | 'index'
  | 'key'
  | 'lock'
  | 'tree';

export interface CatOptions extends CallOptions {
  /** Told when a pack is not what its name promises; it is shown all the same. */
  readonly onWarning?: (message: string) => void;
}

/**
 * The bytes to show, JSON with its newline.
 * @param id or the beginning of one; for a blob the whole id, for a tree a snapshot with or without
 *   `:folder`. Not looked at for config and masterkey.
 * @throws FILE_UNKNOWN, FILE_AMBIGUOUS, SNAPSHOT_UNKNOWN, PATH_NOT_IN_SNAPSHOT, REPOSITORY_DAMAGED.
 */
export async function cat(
  repository: Repository,
  kind: CatKind,
  id: string,
  options: CatOptions = {},
): Promise<Uint8Array> {
  switch (kind) {
    case 'config':
      return catConfig(repository, options);
    case 'masterkey':
      return lines(masterKeyJson(repository));
    case 'pack':
      return catPack(repository, await resolveFileId(repository, 'pack', id, options), options);
    case 'blob':
      return catBlob(repository, id, options);
    case 'tree':
      return catTree(repository, id, options);
    case 'key':
      return lines(
        text(
          await wholeFile(
            repository,
            keyOf('key', await resolveFileId(repository, kind, id, options)),
            options,
          ),
        ),
      );
    case 'snapshot': {
      const { id: snapshotId } = await findSnapshot(
        repository,
        id,
        options.signal ? { signal: options.signal } : {},
      );
      return lines(text(await repository.loadSnapshot(snapshotId, options)));
    }
    case 'index':
    case 'lock': {
      const json = text(
        await repository.stores.files.load(kind, await resolveFileId(repository, kind, id, options), options),
      );
      return kind === 'index' ? Buffer.from(`${json}\n`) : lines(json);
    }
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function lines(json: string): Buffer {
  return Buffer.from(`${indentJson(json)}\n`);
}

async function wholeFile(repository: Repository, key: string, options: CallOptions): Promise<Uint8Array> {
  const bytes = await repository.stores.bucket.get(key, options);
  if (bytes === undefined) throw repositoryFileMissing(`file ${key}`);
  return bytes;
}

async function catConfig(repository: Repository, options: CallOptions): Promise<Uint8Array> {
  const plain = repository.stores.sealer.open(await wholeFile(repository, configKey, options));
  if (plain === undefined) throw repositoryDamaged('config', 'it was not sealed with the master key');
  return lines(text(plain));
}

function masterKeyJson(repository: Repository): string {
  const { macNonceKey, macMultiplier, encryption } = repository.stores.sealer.key;
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return encodeGoJson({
    mac: { k: base64(macNonceKey), r: base64(macMultiplier) },
    encrypt: base64(encryption),
  });
}

/** A damaged pack is shown too: who looks at it wants to see it. */
async function catPack(repository: Repository, id: string, options: CatOptions): Promise<Uint8Array> {
  const bytes = await wholeFile(repository, keyOf('pack', id), options);
  if (sha256Hex(bytes) !== id) options.onWarning?.(`Pack ${id} does not have the hash in its name.`);
  return bytes;
}

async function catBlob(repository: Repository, id: string, options: CallOptions): Promise<Uint8Array> {
  if (!isId(id)) throw fileUnknown('blob', id);
  await repository.loadIndex(options);
  const type = (['data', 'tree'] satisfies BlobType[]).find((known) => repository.hasBlob(known, id));
  if (type === undefined) throw fileUnknown('blob', id);
  return repository.loadBlob(type, id, options);
}

async function catTree(repository: Repository, wanted: string, options: CallOptions): Promise<Uint8Array> {
  const { wanted: snapshotId, folder } = splitSnapshotPath(wanted);
  const snapshot = await findSnapshot(
    repository,
    snapshotId,
    options.signal ? { signal: options.signal } : {},
  );
  await repository.loadIndex(options);
  let blob = await repository.loadBlob('tree', snapshot.tree, options);
  for (const name of folder.split('/').filter((part) => part !== '' && part !== '.')) {
    const bytes = Buffer.from(name);
    const subtree = decodeTree(blob).find((node) => node.name.equals(bytes))?.subtree;
    if (subtree === undefined) throw noSuchFolder(snapshot.id, folder);
    blob = await repository.loadBlob('tree', subtree, options);
  }
  return blob;
}
