import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**', 'test/virtual-pi/**', 'node_modules/**'],
    pool: 'forks',
    // Files wait for processes, disks and timers half of the time: one more worker than the two cores of CI.
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // The usual second is too short for a machine with other work.
    expect: { poll: { timeout: 15_000 } },
    restoreMocks: true,
    // Shared machines stall for seconds; the report says which test needed its second try.
    retry: process.env['CI'] === 'true' ? 1 : 0,
  },
});
