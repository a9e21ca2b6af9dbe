/** What the checking main thread and its workers say to each other. */
import type { Problem } from '../repository/types.js';

export interface CheckSettings {
  /** Encryption key, MAC nonce key, MAC multiplier: 64 bytes. */
  readonly key: Uint8Array;
}

interface PackFacts {
  readonly packId: string;
  readonly sizeBytes: number;
  readonly expectedBytes: number | undefined;
  /** What the index places in it, by offset: ids joined, and four numbers each (see `packEntries`). */
  readonly ids: string;
  readonly numbers: Uint32Array;
}

export interface SlotJob extends PackFacts {
  /** Holds the pack from its beginning. */
  readonly slot: SharedArrayBuffer;
}

export interface FileJob extends PackFacts {
  /** Of the pack, for the thread to read. */
  readonly filePath: string;
}

export type PackJob = SlotJob | FileJob;

export type PackReply =
  | { readonly problems: readonly Problem[] }
  /** The worker could not do its work, whatever the pack is like. */
  | { readonly failure: string };
