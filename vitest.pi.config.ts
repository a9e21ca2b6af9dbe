import { defineConfig } from 'vitest/config';

// One process without isolation: the machine is emulated, and loading every module once is most of the time.
export default defineConfig({
  test: {
    include: ['test/virtual-pi/**/*.pi.test.ts'],
    pool: 'forks',
    isolate: false,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // The emulated machine stalls with its host; the report says which test needed its second try.
    retry: 1,
  },
});
