import { defineConfig } from 'vitest/config';
import { LongFilesFirst } from './test/helpers/long-files-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Threads start faster than processes; what must be a process of its own (Lambda instances) is one anyway.
    pool: 'threads',
    // The long ones wait more than they work: a core is not left to vitest itself.
    maxWorkers: '100%',
    globalSetup: 'test/helpers/bundles-of-one-run.ts',
    sequence: { sequencer: LongFilesFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['functions/**/*.ts'],
      reporter: ['text'],
    },
  },
});
