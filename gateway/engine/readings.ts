/** What became of each file that a worker was told to read, unpacked from its reply. */
import type { FileStat } from '../files/scan.js';
import { fileState, type ReadReply, statFields } from './protocol.js';

export type FileReading =
  | {
      readonly kind: 'read';
      /** Zeros in the pieces of a large file before the last. */
      readonly stat: FileStat;
      readonly sizeBytes: number;
      /** Ids of its chunks in order. */
      readonly content: readonly string[];
      /** Size or modification time moved while it was read. */
      readonly changed: boolean;
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'failed'; readonly doing: string; readonly cause: Error };

const idDigits = 64;

export function readingsOf(reply: ReadReply): FileReading[] {
  const readings: FileReading[] = [];
  let chunk = 0;
  for (const [at, state] of reply.states.entries()) {
    const count = reply.chunkCounts[at] as number;
    readings.push(readingOf(reply, at, state, chunk, count));
    chunk += count;
  }
  return readings;
}

function readingOf(reply: ReadReply, at: number, state: number, chunk: number, count: number): FileReading {
  if (state === fileState.gone) return { kind: 'gone' };
  if (state === fileState.tooLarge) return { kind: 'tooLarge' };
  if (state === fileState.failed) {
    const fault = reply.faults.find((candidate) => candidate.at === at);
    const cause = new Error(fault?.message ?? 'unknown');
    if (fault?.code !== undefined) Object.assign(cause, { code: fault.code });
    return { kind: 'failed', doing: fault?.doing ?? 'read the file', cause };
  }
  const content: string[] = [];
  for (let i = chunk; i < chunk + count; i++)
    content.push(reply.chunks.ids.slice(i * idDigits, (i + 1) * idDigits));
  return {
    kind: 'read',
    stat: statAt(reply.stats, at * statFields),
    sizeBytes: reply.sizes[at] as number,
    content,
    changed: state === fileState.changed,
  };
}

function statAt(stats: BigInt64Array, at: number): FileStat {
  const field = (place: number) => stats[at + place] as bigint;
  const unsigned = (place: number) => BigInt.asUintN(64, field(place));
  return {
    dev: unsigned(0),
    ino: unsigned(1),
    mode: field(2),
    nlink: field(3),
    uid: field(4),
    gid: field(5),
    rdev: unsigned(6),
    size: field(7),
    atimeNs: field(8),
    mtimeNs: field(9),
    ctimeNs: field(10),
  };
}
