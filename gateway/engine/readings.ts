/** What became of each file that a worker was told to read, taken out of the slot. */
import { type FileStat, StatList, statFields } from '../files/packed-stat.js';
import type { EncodedNode } from '../tree/tree.js';
import type { FileFault } from './protocol.js';
import { fileState, type Slot } from './slot.js';

export interface ReadFile {
  readonly kind: 'read';
  /** Zeros in the pieces of a large file before the last. */
  readonly stat: FileStat;
  readonly sizeBytes: number;
  /** Ids of its chunks in order. */
  readonly content: readonly string[];
  /** Size or modification time moved while it was read. */
  readonly changed: boolean;
  /** Its node, when that was asked for; a file that takes too much room for it, or trouble, has none. */
  readonly node?: EncodedNode | undefined;
}

export type FileReading =
  | ReadFile
  | { readonly kind: 'gone' }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'failed'; readonly doing: string; readonly cause: Error };

/** Ids of the first chunks of a slot. */
export function idsOf(slot: Slot, chunks: number): string[] {
  return Array.from({ length: chunks }, (_, chunk) => slot.idOf(chunk));
}

/**
 * Copies what a job has told of the files that it read: the slot may be used again.
 * @param ids of all chunks; with none contents are left empty.
 */
export function readingsOf(
  slot: Slot,
  files: number,
  ids: readonly string[],
  faults: readonly FileFault[],
): FileReading[] {
  const batch = new Batch(slot, files, ids, faults);
  return Array.from({ length: files }, (_, at) => batch.next(at));
}

class Batch {
  readonly #slot: Slot;
  readonly #ids: readonly string[];
  readonly #faults: readonly FileFault[];
  readonly #stats: StatList;
  readonly #texts: Buffer;
  #chunk = 0;
  #textEnd = 0;

  constructor(slot: Slot, files: number, ids: readonly string[], faults: readonly FileFault[]) {
    this.#slot = slot;
    this.#ids = ids;
    this.#faults = faults;
    this.#stats = new StatList(slot.stats.slice(0, files * statFields));
    this.#texts = Buffer.from(slot.texts.subarray(0, slot.textEnds[files - 1]));
  }

  next(at: number): FileReading {
    const { states, chunkCounts, textEnds, sizes } = this.#slot;
    const first = this.#chunk;
    const start = this.#textEnd;
    const end = textEnds[at] as number;
    const state = states[at];
    this.#chunk += chunkCounts[at] as number;
    this.#textEnd = end;
    if (state === fileState.gone) return { kind: 'gone' };
    if (state === fileState.tooLarge) return { kind: 'tooLarge' };
    if (state === fileState.failed) return this.#failed(at);
    return {
      kind: 'read',
      stat: this.#stats.stat(at * statFields),
      sizeBytes: sizes[at] as number,
      content: this.#ids.slice(first, this.#chunk),
      changed: state === fileState.changed,
      node: end > start ? { bytes: this.#texts, start, end } : undefined,
    };
  }

  #failed(at: number): FileReading {
    const fault = this.#faults.find((candidate) => candidate.at === at);
    const cause = new Error(fault?.message ?? 'unknown');
    if (fault?.code !== undefined) Object.assign(cause, { code: fault.code });
    return { kind: 'failed', doing: fault?.doing ?? 'read the file', cause };
  }
}
