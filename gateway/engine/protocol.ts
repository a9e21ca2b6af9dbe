/**
 * What the main thread and its workers say to each other. File contents travel in slots, memory that
 * all threads share; messages hold only places in them. Texts are joined and numbers packed, because
 * copying a message costs by the number of its objects.
 */

/** What a worker is told once. */
export interface WorkerSettings {
  /** Spool folder for packs. */
  readonly folder: string;
  readonly packSizeBytes: number;
  /** Zstandard level for data blobs; undefined leaves them uncompressed. */
  readonly level: number | undefined;
  /** Encryption key, MAC nonce key, MAC multiplier: 64 bytes. */
  readonly key: Uint8Array;
  readonly polynomial: bigint;
  /** Open every sealed blob again before it is packed. */
  readonly verifySealed: boolean;
  /** Where tags of what was read are kept, and the key that they are made with; see `content-tags.ts`. */
  readonly tags: { readonly filePath: string; readonly key: Uint8Array } | undefined;
}

/** Read whole files, cut and hash them. */
export interface ReadJob {
  readonly type: 'read';
  readonly job: number;
  readonly slot: SharedArrayBuffer;
  /** Paths as latin1, joined by NUL. */
  readonly paths: string;
}

/** Read the next piece of a large file and cut it. The file is opened at its first piece. */
export interface PieceJob {
  readonly type: 'piece';
  readonly job: number;
  readonly slot: SharedArrayBuffer;
  readonly file: number;
  /** As latin1. */
  readonly path: string;
  /** Hash it, too; else that is left to another thread. */
  readonly hashes: boolean;
}

/** Hash chunks of a large file that lie in a slot. Answered by a `ReadReply` of these chunks alone. */
export interface HashJob {
  readonly type: 'hash';
  readonly job: number;
  readonly slot: SharedArrayBuffer;
  /** As latin1. */
  readonly path: string;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** See `ReadReply`. */
  readonly unhashed: Uint32Array;
}

/** Compress, seal and pack these parts of a slot. */
export interface StoreJob {
  readonly type: 'store';
  readonly job: number;
  readonly slot: SharedArrayBuffer;
  readonly chunks: Chunks;
}

/** End the open packs, however small. */
export interface FinishJob {
  readonly type: 'finish';
  readonly job: number;
}

export type Job = ReadJob | PieceJob | HashJob | StoreJob | FinishJob;

/** A job before it has its number. */
export type JobRequest =
  | Omit<ReadJob, 'job'>
  | Omit<PieceJob, 'job'>
  | Omit<HashJob, 'job'>
  | Omit<StoreJob, 'job'>
  | Omit<FinishJob, 'job'>;

/** Chunks in a slot, in the order of their files. */
export interface Chunks {
  /** Ids joined, 64 hex digits each. */
  readonly ids: string;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
}

/** Stands for the id of a chunk that is not hashed yet. */
export const noId = '0'.repeat(64);

export const fileState = { read: 0, changed: 1, gone: 2, failed: 3, tooLarge: 4 } as const;

export interface FileFault {
  /** Place of the file in its job. */
  readonly at: number;
  readonly doing: string;
  readonly code: string | undefined;
  readonly message: string;
}

export interface ReadReply {
  readonly type: 'read';
  readonly job: number;
  readonly chunks: Chunks;
  /** A `fileState` per file. */
  readonly states: Uint8Array;
  /** Numbers of each file as it was opened; see `StatList`. */
  readonly stats: BigInt64Array;
  /** How many chunks each file has. */
  readonly chunkCounts: Uint32Array;
  /** Bytes read of each file. */
  readonly sizes: Float64Array;
  readonly faults: readonly FileFault[];
  /**
   * Only of a piece: three numbers for each chunk that is still to be hashed: its place among the chunks, its
   * number in the file, 1 when the file's end cut it.
   */
  readonly unhashed: Uint32Array;
  /** For the table of tags, of the chunks that were hashed. */
  readonly tagRecords: Uint8Array;
  /** Only of a piece: the file is not at its end. */
  readonly goesOn: boolean;
}

export interface StoreReply {
  readonly type: 'store';
  readonly job: number;
  /** Sealed bytes of all chunks. */
  readonly storedBytes: number;
}

/** A pack that is complete on the spool folder, with its hash. */
export interface PackReply {
  readonly type: 'pack';
  readonly packId: string;
  readonly filePath: string;
  readonly ids: string;
  readonly lengths: Uint32Array;
  readonly uncompressedLengths: Uint32Array;
}

export interface FinishReply {
  readonly type: 'finish';
  readonly job: number;
  readonly packs: readonly PackReply[];
}

/** The job failed for a reason that no single file is to blame for. */
export interface FailureReply {
  readonly type: 'failure';
  readonly job: number;
  readonly code: string | undefined;
  readonly message: string;
}

export type JobReply = ReadReply | StoreReply | FinishReply | FailureReply;
export type Reply = JobReply | PackReply;
