/** What copying and its threads say to each other: stretches of packs go out and come back resealed. */

export interface ResealSettings {
  /** Encryption key, MAC nonce key, MAC multiplier: 64 bytes. Of the source, then of the target. */
  readonly sourceKey: Uint8Array;
  readonly targetKey: Uint8Array;
  /** Zstandard level for data that comes plain; undefined leaves it so. Plain trees are compressed in any case. */
  readonly level: number | undefined;
}

export interface ResealJob {
  /** Sealed blobs, at the offsets in `numbers`; changed in place. The whole of its buffer, which is given away. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** See `packEntries`. */
  readonly ids: string;
  readonly numbers: Uint32Array;
}

/** The job's own bytes; each blob begins where it did and is not longer than it was. */
export interface Resealed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Sealed length and plain size (0 for what is not compressed) of each blob, in the job's order. */
  readonly sizes: Uint32Array;
}

export type ResealReply =
  | Resealed
  | { readonly code: string; readonly failure: string; readonly hint: string | undefined };
