/** What became of each file that a worker was told to read, unpacked from its reply. */
import { type FileStat, StatList, statFields } from '../files/packed-stat.js';
import { type Chunks, fileState, type ReadReply } from './protocol.js';

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

export function idsOf({ ids, offsets }: Chunks): string[] {
  return Array.from(offsets, (_, at) => ids.slice(at * idDigits, (at + 1) * idDigits));
}

export function readingsOf(reply: ReadReply): FileReading[] {
  const readings: FileReading[] = [];
  const stats = new StatList(reply.stats);
  let chunk = 0;
  for (const [at, state] of reply.states.entries()) {
    const count = reply.chunkCounts[at] as number;
    readings.push(readingOf(reply, stats, at, state, chunk));
    chunk += count;
  }
  return readings;
}

function readingOf(reply: ReadReply, stats: StatList, at: number, state: number, chunk: number): FileReading {
  if (state === fileState.gone) return { kind: 'gone' };
  if (state === fileState.tooLarge) return { kind: 'tooLarge' };
  if (state === fileState.failed) {
    const fault = reply.faults.find((candidate) => candidate.at === at);
    const cause = new Error(fault?.message ?? 'unknown');
    if (fault?.code !== undefined) Object.assign(cause, { code: fault.code });
    return { kind: 'failed', doing: fault?.doing ?? 'read the file', cause };
  }
  const content: string[] = [];
  const count = reply.chunkCounts[at] as number;
  for (let i = chunk; i < chunk + count; i++)
    content.push(reply.chunks.ids.slice(i * idDigits, (i + 1) * idDigits));
  return {
    kind: 'read',
    stat: stats.stat(at * statFields),
    sizeBytes: reply.sizes[at] as number,
    content,
    changed: state === fileState.changed,
  };
}
