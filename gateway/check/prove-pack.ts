/** Proves one pack that lies in memory or in a file of this machine. */
import { closeSync, openSync } from 'node:fs';
import type { Scratch } from '../repository/blob-opener.js';
import type { Sealer } from '../repository/crypto.js';
import { sha256Hex } from '../repository/layout.js';
import { verifyContent } from '../repository/pack-verifier.js';
import type { Problem } from '../repository/types.js';
import { HashedFile } from './hashed-file.js';
import { unpackEntries } from './pack-entries.js';
import type { FileJob, SlotJob } from './protocol.js';

/** @param scratch must serve one call at a time. */
export function proveSlot(job: SlotJob, sealer: Sealer, scratch?: Scratch): Promise<Problem[]> {
  const bytes = Buffer.from(job.slot, 0, job.sizeBytes);
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const content = { ...job, indexed: unpackEntries(job), read, sha256: () => sha256Hex(bytes) };
  return verifyContent(content, sealer, scratch === undefined ? {} : { scratch });
}

/**
 * Holds one blob at a time.
 * @param scratch must serve one call at a time. @param pause is waited for before each blob.
 * @throws system errors, and what `pause` throws.
 */
export async function proveFile(
  job: FileJob,
  sealer: Sealer,
  scratch: Scratch,
  pause?: () => Promise<void>,
): Promise<Problem[]> {
  const file = openSync(job.filePath, 'r');
  try {
    const bytes = new HashedFile(file, (sizeBytes) => scratch.roomFor(sizeBytes));
    const read = (offset: number, length: number) => bytes.read(offset, length);
    const readLater = async (offset: number, length: number) => {
      await pause?.();
      return read(offset, length);
    };
    const content = {
      ...job,
      indexed: unpackEntries(job),
      read: pause === undefined ? read : readLater,
      sha256: () => bytes.sha256(),
    };
    return await verifyContent(content, sealer, { scratch });
  } finally {
    closeSync(file);
  }
}
