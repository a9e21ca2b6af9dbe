/**
 * Any valid index file, however it is written. Loaded only for one that the scanner does not know:
 * the schema library takes 12 MB.
 */
import { z } from 'zod';
import { messageOf } from '../../core/errors.js';
import { repositoryDamaged } from '../errors.js';
import type { IndexedPack } from './index-file.js';
import { isId } from './layout.js';

const id = z.string().refine(isId);
const uint32 = z.int().min(0).max(0xffffffff);

// Other members (`supersedes`, rustic's `packs_to_delete`) do not concern a reader.
const indexSchema = z.object({
  packs: z
    .array(
      z.object({
        id,
        blobs: z.array(
          z.object({
            id,
            type: z.enum(['data', 'tree']),
            offset: uint32,
            length: uint32,
            uncompressed_length: uint32.optional(),
          }),
        ),
      }),
    )
    .nullable(),
});

/** @throws REPOSITORY_DAMAGED when it is no index, or states compression in a version 1 repository. */
export function decodeIndex(indexId: string, json: Uint8Array, version: 1 | 2): IndexedPack[] {
  const what = `index file ${indexId}`;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.length).toString('utf8'));
  } catch (error) {
    throw repositoryDamaged(what, `it is not JSON (${messageOf(error)})`, error);
  }
  const parsed = indexSchema.safeParse(value);
  if (!parsed.success)
    throw repositoryDamaged(what, `${parsed.error.issues[0]?.path.join('.')} is malformed`);
  return (parsed.data.packs ?? []).map((pack) => ({
    packId: pack.id,
    blobs: pack.blobs.map(({ uncompressed_length: plain = 0, ...blob }) => {
      if (plain > 0 && version === 1)
        throw repositoryDamaged(what, 'it states compression in a version 1 repository');
      return { ...blob, uncompressedLength: plain };
    }),
  }));
}
