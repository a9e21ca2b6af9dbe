/** Index files as JSON: which blobs lie where in which packs. All blobs of a pack are in one file. */
import { z } from 'zod';
import { messageOf } from '../../core/errors.js';
import { repositoryDamaged } from '../errors.js';
import type { BlobList } from './blob-list.js';
import { isId } from './layout.js';
import type { BlobEntry } from './types.js';

export interface IndexedPack {
  readonly packId: string;
  readonly blobs: BlobList;
}

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

/** More than each takes, with numbers of ten digits. */
const blobRoom = 192;
const packRoom = 96;

/** As restic's JSON has it, written straight into bytes: as objects and strings it takes five times that. */
export function encodeIndex(packs: readonly IndexedPack[]): Buffer {
  const room = packs.reduce((sum, { blobs }) => sum + packRoom + blobs.length * blobRoom, packRoom);
  const json = Buffer.allocUnsafe(room);
  let at = json.write('{"packs":[', 'latin1');
  for (const [number, { packId, blobs }] of packs.entries()) {
    at += json.write(`${number > 0 ? ',' : ''}{"id":"${packId}","blobs":[`, at, 'latin1');
    let comma = '';
    for (const blob of blobs) {
      at += json.write(comma + encodeBlob(blob), at, 'latin1');
      comma = ',';
    }
    at += json.write(']}', at, 'latin1');
  }
  at += json.write(']}\n', at, 'latin1');
  return json.subarray(0, at);
}

function encodeBlob({ id, type, offset, length, uncompressedLength: plain }: BlobEntry): string {
  const more = plain > 0 ? `,"uncompressed_length":${plain}` : '';
  return `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${more}}`;
}

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
