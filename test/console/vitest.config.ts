import { defineConfig } from 'vitest/config';

/** `npm run test:console`: the console in a real browser. Not part of `npm test`, which needs none. */
export default defineConfig({
  test: {
    include: ['test/console/**/*.test.ts'],
    pool: 'threads',
    // A file per backend, side by side, with one browser for both.
    maxWorkers: 2,
    globalSetup: ['test/helpers/bundles-of-one-run.ts', 'test/console/chromium.ts'],
    testTimeout: 120_000,
    hookTimeout: 400_000,
  },
});
