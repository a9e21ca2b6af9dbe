/** What the restoring thread and its workers tell each other. Types only; buffers are given away. */
import type { KeyMaterial } from '../repository/crypto.js';

/** Fixed for a worker's life. */
export interface WorkerSettings {
  readonly key: KeyMaterial;
  /** Leave holes for zeros in files that are new. */
  readonly sparse: boolean;
  readonly attributes: AttributePatterns;
}

/** Names of extended attributes that are restored: all but those excluded, or only those included. */
export interface AttributePatterns {
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
}

/** Counters of all workers, one word per entry of the plan. */
export interface SharedProgress {
  /** Chunks that each file still waits for. */
  readonly pending: Int32Array;
  /** See `fileStates`. */
  readonly states: Int32Array;
}

export interface BeginMessage {
  readonly type: 'begin';
  readonly shared: SharedProgress;
}

/** Part of one pack, with all places that its chunks go to. */
export interface ContentJob {
  readonly type: 'content';
  readonly packId: string;
  /** The pack, to be read by the worker; absent when `bytes` holds its ranges. */
  readonly packFile: string | undefined;
  /** Pairs of offset and length, ascending. */
  readonly ranges: readonly (readonly [offset: number, length: number])[];
  readonly bytes: Uint8Array[] | undefined;
  /** Five words per chunk: offset in the pack, sealed length, plain length or 0, first target, targets. */
  readonly chunks: Uint32Array;
  /** 32 bytes per chunk. */
  readonly ids: Uint8Array;
  /** Two numbers per target: which of `files`, offset in it. */
  readonly targets: Float64Array;
  /** See `file-list.ts`. */
  readonly files: Uint8Array;
  /** Damaged chunks come back in the answer, to be fetched once more, rather than fail their files. */
  readonly mayRepeat?: boolean;
}

/** Are these files what their chunks say? */
export interface CompareJob {
  readonly type: 'compare';
  readonly files: readonly CompareFile[];
}

export interface CompareFile {
  readonly path: Uint8Array;
  /** 32 bytes per chunk, in order. */
  readonly ids: Uint8Array;
  readonly sizes: Uint32Array;
}

export type Job = ContentJob | CompareJob;

export interface FileFailure {
  readonly entry: number;
  readonly error: PlainError;
}

/** A GatehouseError without its class, which does not survive the way between threads. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface ContentAnswer {
  readonly type: 'content';
  readonly bytesWritten: number;
  /** Entries that are complete, metadata included. */
  readonly finished: readonly number[];
  readonly failures: readonly FileFailure[];
  /** The chunks of the job that came damaged, when it may be repeated. */
  readonly repeat?: ContentJob;
}

export interface CompareAnswer {
  readonly type: 'compare';
  /** Per file: its size, or -1 when it cannot be read; and 1 for each chunk that is right. */
  readonly files: readonly { readonly sizeBytes: number; readonly equal: Uint8Array }[];
}

export type Answer = ContentAnswer | CompareAnswer;

/** States of a file while threads share it. */
export const fileStates = { untouched: 0, opening: 1, open: 2, failed: 3, damaged: 4 } as const;
