/** What the checking main thread and its workers say to each other. A pack travels in shared memory. */
import type { Problem } from '../repository/types.js';

export interface CheckSettings {
  /** Encryption key, MAC nonce key, MAC multiplier: 64 bytes. */
  readonly key: Uint8Array;
}

export interface PackJob {
  readonly packId: string;
  /** Holds the pack from its beginning. */
  readonly slot: SharedArrayBuffer;
  readonly sizeBytes: number;
  readonly expectedBytes: number | undefined;
  /** What the index places in it, by offset: ids joined, and four numbers each (see `packEntries`). */
  readonly ids: string;
  readonly numbers: Uint32Array;
}

export type PackReply =
  | { readonly problems: readonly Problem[] }
  /** The worker could not do its work, whatever the pack is like. */
  | { readonly failure: string };
