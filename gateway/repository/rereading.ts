/**
 * A range of a pack has no checksum on its way from the bucket, so that what arrives damaged is read
 * again: only what comes damaged every time is damaged in the bucket.
 */
import { hasCode } from '../../core/errors.js';

/** How often it is read at most, the first time included. */
export const readsOfDamaged = 4;

/**
 * Gives `use` the bytes; on REPOSITORY_DAMAGED it gets those of `read` instead, as often as pays.
 * @throws what `use` throws at last, and what `read` throws.
 */
export async function usingSound<T>(
  first: Uint8Array,
  read: () => Promise<Uint8Array>,
  use: (bytes: Uint8Array) => Promise<T>,
): Promise<T> {
  let bytes = first;
  for (let reads = 1; ; reads++) {
    try {
      return await use(bytes);
    } catch (error) {
      if (!hasCode(error, 'REPOSITORY_DAMAGED') || reads >= readsOfDamaged) throw error;
      bytes = await read();
    }
  }
}
