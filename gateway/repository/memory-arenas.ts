/** Keeps the C library from holding on to memory that threads have freed. */
import { openNativeLibrary } from './native-library.js';

const mmapThreshold = -3; // M_MMAP_THRESHOLD
const arenaMax = -8; // M_ARENA_MAX
const largeBytes = 256 * 1024;

let isDone = false;

/**
 * To be called before much is taken, and before threads start. Buffers of chunk size then go back to the system as soon as
 * they are freed, and threads share two heaps instead of growing one each. Does nothing where the C
 * library is another.
 */
export function boundArenas(): void {
  if (isDone || process.platform !== 'linux') return;
  isDone = true;
  try {
    const library = openNativeLibrary([null]);
    const set = library?.func<(parameter: number, value: number) => number>('mallopt', 'int', ['int', 'int']);
    set?.(mmapThreshold, largeBytes);
    set?.(arenaMax, 2);
  } catch {
    // musl has no such call, and no such habit.
  }
}
