import { defineConfig } from 'vitest/config';

/** Files that hold a pace against the clock: they run last and one at a time, with nothing beside them. */
const paced = ['test/slow/throttle.test.ts', 'test/slow/yielding.test.ts'];

const shared = {
  pool: 'forks' as const,
  testTimeout: 600_000,
  hookTimeout: 120_000,
  // As in the quick suite.
  retry: process.env['CI'] === 'true' ? 1 : 0,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'slow',
          include: ['test/slow/**/*.test.ts'],
          exclude: paced,
          // As in the quick suite.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...shared, name: 'paced', include: paced, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
