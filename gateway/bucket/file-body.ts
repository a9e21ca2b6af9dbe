/** Reads a local file of a known size as a stream, and whole streams into memory. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatehouseError } from '../../core/errors.js';
import { sourceChanged, sourceUnreadable } from './errors.js';

const chunkBytes = 256 * 1024;

export interface FilePart {
  readonly fromByte: number;
  readonly length: number;
}

/**
 * A file of exactly `sizeBytes` bytes, or a part of it. The stream fails with BUCKET_FAILED when the
 * file cannot be read or has another size. The file is opened at the first read, so an unused body
 * holds nothing.
 */
export function fileBody(filePath: string, sizeBytes: number, part?: FilePart): Readable {
  const chunks = fileChunks(filePath, sizeBytes, part ?? { fromByte: 0, length: sizeBytes });
  return Readable.from(chunks, { objectMode: false, highWaterMark: chunkBytes });
}

async function* fileChunks(filePath: string, sizeBytes: number, part: FilePart): AsyncGenerator<Uint8Array> {
  try {
    const handle = await open(filePath, 'r');
    try {
      const { size } = await handle.stat();
      if (size !== sizeBytes) throw sourceChanged(filePath, sizeBytes, size);
      let offset = part.fromByte;
      const end = part.fromByte + part.length;
      while (offset < end) {
        const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end - offset));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
        if (bytesRead === 0) throw sourceChanged(filePath, sizeBytes, offset);
        offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof GatehouseError ? error : sourceUnreadable(filePath, error);
  }
}

/** MD5 of `fileBody`'s bytes in base64, as the header Content-MD5 wants it. @throws as `fileBody` fails. */
export async function fileMd5(
  filePath: string,
  sizeBytes: number,
  part: FilePart,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('md5');
  await pipeline(fileBody(filePath, sizeBytes, part), hash, signal === undefined ? {} : { signal });
  return hash.digest('base64');
}

/** All bytes of a stream. @throws what the stream fails with. */
export async function collect(stream: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
