/** From sealed bytes to a blob: authenticated, decompressed to the stated size, hashed to its id. */
import { messageOf } from '../../core/errors.js';
import { repositoryDamaged } from '../errors.js';
import type { Sealer } from './crypto.js';
import { sha256Hex } from './layout.js';
import type { BlobType } from './types.js';
import { loadZstd } from './zstd.js';

/**
 * @param uncompressedLength plain size of a compressed blob, 0 for one that is not.
 * @throws REPOSITORY_DAMAGED when a step fails.
 */
export async function openBlob(
  sealer: Sealer,
  blob: { readonly type: BlobType; readonly id: string; readonly uncompressedLength: number },
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const what = `${blob.type} blob ${blob.id}`;
  const opened = sealer.open(sealed);
  if (opened === undefined) throw repositoryDamaged(what, 'its bytes were changed');
  const plain = blob.uncompressedLength > 0 ? await inflate(what, opened, blob.uncompressedLength) : opened;
  if (sha256Hex(plain) !== blob.id)
    throw repositoryDamaged(what, 'its content does not have the hash in its id');
  return plain;
}

async function inflate(what: string, frame: Uint8Array, sizeBytes: number): Promise<Uint8Array> {
  try {
    const plain = await (await loadZstd()).decompress(frame, sizeBytes);
    if (plain.length === sizeBytes) return plain;
  } catch (error) {
    throw repositoryDamaged(what, `it does not decompress (${messageOf(error)})`, error);
  }
  throw repositoryDamaged(what, 'it does not have the size that the index states');
}
