import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongFilesFirst } from './test/helpers/long-files-first.ts';

/** Files that leave nothing behind in a worker: they share one, so that it imports each module once. Imports are half their time. */
const sharing = [
  // Not those of runs: they import zod itself, which gives other messages to `zod/mini` in the same worker.
  'test/functions/{api,console,core/!(run)}/**/*.test.ts',
  'test/functions/core/*.test.ts',
  'test/lib/constructs/**/*.test.ts',
  'test/lib/{cdk-nag,sendoff-stack,sendoff}.test.ts',
  'test/{helpers,pacing,permissions,repository,scale,templates}/**/*.test.ts',
];

export default defineConfig({
  test: {
    // Threads start faster than processes; what must be a process of its own (Lambda instances) is one anyway.
    pool: 'threads',
    // The long files wait more than they work: two workers would leave a third of two cores idle.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    globalSetup: 'test/helpers/bundles-of-one-run.ts',
    sequence: { sequencer: LongFilesFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    coverage: {
      provider: 'v8',
      include: ['functions/**/*.ts'],
      reporter: ['text'],
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...sharing, 'test/console/**'],
        },
      },
      { extends: true, test: { name: 'sharing', include: sharing, isolate: false } },
    ],
  },
});
