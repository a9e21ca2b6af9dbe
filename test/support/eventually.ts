/** Waits for what comes without an event of its own; long enough for a machine with other work, and no longer than needed. */
import { vi } from 'vitest';

/** Repeats `check` until it does not throw. @throws what it threw last, after `limitMs`. */
export const eventually = <T>(check: () => T | Promise<T>, limitMs = 15_000): Promise<T> =>
  vi.waitFor(check, limitMs);
