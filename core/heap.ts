/**
 * Keeps the heap of this process small. V8 goes by the memory of the machine: it lets young objects
 * take 48 MB and garbage gather by the hundred megabytes before it looks for it. Work on a stream of
 * small objects, as a backup is, has 15 MB of them alive and pays for the rest in resident memory.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock, Timer } from './clock.js';

/**
 * Old objects are collected when they have grown by so much; a collection of 15 MB takes about 15 ms. Half
 * of it costs a forced re-read a tenth more time, for 5 % less memory.
 */
const usualGrowthBytes = 20_000_000;
const lookEveryMs = 25;

/**
 * Space for young objects stays as small as it is; it would double whenever many of them live on. One
 * thread sweeps so little: with helpers it would wait for cores that are busy with this very work.
 */
function boundYoungSpace(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--no-parallel-scavenge');
}

/**
 * Of Node, for a program that does little, for months: young objects stay within 1 MB, and no code is
 * optimised, which would take memory for the compiler and its results.
 */
export const frugalFlags = ['--max-semi-space-size=1', '--optimize-for-size', '--no-turbofan'] as const;

/** The same, as far as it goes for a process that was started without them. */
export function stayFrugal(): void {
  boundYoungSpace();
  for (const flag of frugalFlags.slice(1)) setFlagsFromString(flag);
}

let collectKept: ((nextGrowthBytes: number) => void) | undefined;

/**
 * Between two stages of work: where the heap of this thread is kept small, collects what the first has left,
 * and lets old objects grow by so much from now on.
 */
export function collectGarbage(nextGrowthBytes = usualGrowthBytes): void {
  collectKept?.(nextGrowthBytes);
}

/**
 * Until cancelled: young objects of the process get no more space, and old ones of this thread are
 * collected when they have grown by so many bytes.
 */
export function keepHeapSmall(clock: Clock, growthBytes = usualGrowthBytes): Timer {
  boundYoungSpace();
  const collect = collector();
  let growth = growthBytes;
  let ceiling = takenBytes() + growth;
  collectKept = (nextGrowthBytes) => {
    collect?.();
    growth = nextGrowthBytes;
    ceiling = takenBytes() + growth;
  };
  const look = (): Timer =>
    clock.after(
      lookEveryMs,
      () => {
        boundYoungSpace(); // A thread that starts sets it back, for all.
        if (takenBytes() > ceiling) collectKept?.(growth);
        timer = look();
      },
      { background: true },
    );
  let timer = look();
  return { cancel: () => timer.cancel() };
}

/** Objects, and the buffers that hang on them. */
function takenBytes(): number {
  const { used_heap_size: objects, external_memory: buffers } = getHeapStatistics();
  return objects + buffers;
}

/** The collector has no name until the flag is set, and then only in contexts that are made after it. */
function collector(): (() => void) | undefined {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  return typeof collect === 'function' ? () => void collect() : undefined;
}
