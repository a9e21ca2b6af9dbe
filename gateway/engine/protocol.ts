/** What the main thread and its workers say to each other. What is long lies in slots; see `slot.ts`. */
import type { AccountFiles } from '../files/accounts.js';
import type { SlotSizes } from './slot.js';

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
  readonly slots: SlotSizes;
  readonly describing: DescribingSettings;
}

/** Of these, what only the repository decides. */
export type SealingSettings = Omit<WorkerSettings, 'folder' | 'tags' | 'slots' | 'describing'>;

/** How nodes of small files are made; see `Describer`. */
export interface DescribingSettings {
  /** Contents of the files that name users and groups. */
  readonly accounts: AccountFiles;
  readonly withAtime: boolean;
  /** Nothing was read before this time, nanoseconds since 1970; undefined when no journal of what is read is kept. */
  readonly journalStartNs: bigint | undefined;
}

/** Tells of a slot that later jobs name by its number. It has no reply. */
export interface SlotMessage {
  readonly type: 'slot';
  readonly slot: number;
  readonly memory: SharedArrayBuffer;
}

/** Read whole files, cut and hash them. */
export interface ReadJob {
  readonly type: 'read';
  readonly job: number;
  readonly slot: number;
  /** Paths as latin1, joined by NUL. */
  readonly paths: string;
  /** Make their nodes, and records for the journal. */
  readonly describes: boolean;
}

/** Read the next piece of a large file and cut it. The file is opened at its first piece. */
export interface PieceJob {
  readonly type: 'piece';
  readonly job: number;
  readonly slot: number;
  readonly file: number;
  /** As latin1. */
  readonly path: string;
  /** Hash it, too; else that is left to another thread. */
  readonly hashes: boolean;
}

/** Hash those chunks of a large file in a slot that are marked as unhashed. */
export interface HashJob {
  readonly type: 'hash';
  readonly job: number;
  readonly slot: number;
  /** As latin1. */
  readonly path: string;
  /** How many chunks the slot has. */
  readonly chunks: number;
}

/** Compress, seal and pack those chunks of a slot that are marked as wanted. */
export interface StoreJob {
  readonly type: 'store';
  readonly job: number;
  readonly slot: number;
  readonly chunks: number;
}

/** End the open packs, however small. */
export interface FinishJob {
  readonly type: 'finish';
  readonly job: number;
}

export type Job = ReadJob | PieceJob | HashJob | StoreJob | FinishJob;
export type Message = SlotMessage | Job;

/** A job before it has its number. */
export type JobRequest =
  | Omit<ReadJob, 'job'>
  | Omit<PieceJob, 'job'>
  | Omit<HashJob, 'job'>
  | Omit<StoreJob, 'job'>
  | Omit<FinishJob, 'job'>;

export interface FileFault {
  /** Place of the file in its job. */
  readonly at: number;
  readonly doing: string;
  readonly code: string | undefined;
  readonly message: string;
}

/** Answers reading and hashing: how much there is in the lists of the slot. */
export interface ReadReply {
  readonly type: 'read';
  readonly job: number;
  readonly chunks: number;
  readonly fileRecordBytes: number;
  readonly tagRecordBytes: number;
  readonly faults: readonly FileFault[];
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
  /** Ids joined, 64 hex digits each. */
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
