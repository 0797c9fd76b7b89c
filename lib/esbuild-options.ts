import type { BuildOptions } from 'esbuild';

/**
 * esbuild's options for code that runs on Lambda, ours and the user's. A file of its own because it needs no esbuild, which is not
 * installed with the package.
 */
export const bundleOptions = {
  bundle: true,
  // Modules that `import()` loads are files of their own, read when they are needed: in one file everything is parsed at
  // every cold start (measured: the API imports in 84 ms instead of 133).
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'silent',
} as const satisfies BuildOptions;
