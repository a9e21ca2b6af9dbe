/** Index files as JSON: which blobs lie where in which packs. All blobs of a pack are in one file. */
import type { BlobList } from './blob-list.js';
import type { BlobEntry } from './types.js';

export interface IndexedPack {
  readonly packId: string;
  readonly blobs: BlobList;
}

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
