import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/fuzz-seed.ts'],
    testTimeout: 60_000,
    // Children and servers are real: two cores take no more at once.
    maxWorkers: 2,
    env: { TZ: 'UTC' },
  },
});
