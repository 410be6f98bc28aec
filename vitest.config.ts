import { defineConfig } from 'vitest/config';
import { RetriedReporter } from './test/support/retried-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/fuzz-seed.ts'],
    reporters: ['default', new RetriedReporter()],
    testTimeout: 60_000,
    // Children and servers are real: two cores take no more at once.
    maxWorkers: 2,
    // On a loaded CI machine what fails once is tried once more, and is listed as retried: a bug, but no reason to stop.
    retry: process.env.STAGELIGHT_PEERS === 'required' ? 1 : 0,
    env: { TZ: 'UTC' },
  },
});
