/** Proves one pack that lies in memory. */
import type { Scratch } from '../repository/blob-opener.js';
import type { Sealer } from '../repository/crypto.js';
import { sha256Hex } from '../repository/layout.js';
import { verifyContent } from '../repository/pack-verifier.js';
import type { Problem } from '../repository/types.js';
import { unpackEntries } from './pack-entries.js';
import type { PackJob } from './protocol.js';

/** @param scratch must serve one call at a time. */
export async function provePack(job: PackJob, sealer: Sealer, scratch?: Scratch): Promise<Problem[]> {
  const { packId, sizeBytes, expectedBytes } = job;
  const bytes = Buffer.from(job.slot, 0, sizeBytes);
  const content = {
    packId,
    sizeBytes,
    sha256: sha256Hex(bytes),
    expectedBytes,
    indexed: unpackEntries(job),
    read: (offset: number, length: number) => bytes.subarray(offset, offset + length),
  };
  const problems: Problem[] = [];
  for await (const problem of verifyContent(content, sealer, scratch === undefined ? {} : { scratch }))
    problems.push(problem);
  return problems;
}
