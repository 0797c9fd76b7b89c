import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { type BuildOptions, buildSync } from 'esbuild';
import { cached } from './bundle.ts';
import { CONSOLE_FOLDER } from './handlers.ts';
import { packageRoot } from './package-root.ts';

/** A file of the console, as it is written. */
export interface ConsoleFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const SOURCE = 'functions/console';

const OPTIONS = {
  absWorkingDir: packageRoot,
  entryPoints: { main: `${SOURCE}/main.tsx` },
  entryNames: '[name].[hash]',
  chunkNames: '[name].[hash]',
  // A place in name only: nothing is written.
  outdir: packageRoot,
  bundle: true,
  splitting: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  // Not the file beside the sources: the bytes depend on these options alone.
  tsconfigRaw: '{}',
  minify: true,
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'silent',
} as const satisfies BuildOptions;

/**
 * Builds the web console: `index.html`, and scripts and styles with a hash in their names, each also compressed (`.br`, `.gz`).
 * Throws esbuild's error, with file and line, if it does not build.
 */
export function buildConsole(): ConsoleFile[] {
  return cached(OPTIONS, () => {
    const { outputFiles } = buildSync({ ...OPTIONS, write: false });
    const assets = outputFiles.map(({ path, contents }) => ({ name: basename(path), bytes: contents }));
    return [{ name: 'index.html', bytes: Buffer.from(pageOf(assets)) }, ...assets.flatMap(withCompressed)];
  });
}

/** Writes the console into the folder `console` of a directory. */
export function writeConsole(directory: string): void {
  const folder = join(directory, CONSOLE_FOLDER);
  mkdirSync(folder, { recursive: true });
  for (const { name, bytes } of buildConsole()) writeFileSync(join(folder, name), bytes);
}

/** The page. `{base}` is replaced when it is served: by nothing at `/console/`, by `console/` at `/console`. */
function pageOf(assets: readonly ConsoleFile[]): string {
  const html = readFileSync(join(packageRoot, SOURCE, 'page.html'), 'utf8');
  const tags = assets.flatMap(({ name }) => {
    const url = `{base}assets/${name}`;
    if (/^main\..*\.js$/.test(name)) return `<script type="module" src="${url}"></script>`;
    return name.endsWith('.css') ? `<link rel="stylesheet" href="${url}">` : [];
  });
  return html.replace('<!--assets-->', () => tags.sort().join('\n'));
}

/** At 70 KB the best compression takes a tenth of a second, once a build. */
function withCompressed({ name, bytes }: ConsoleFile): ConsoleFile[] {
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  return [
    { name, bytes },
    { name: `${name}.br`, bytes: brotliCompressSync(bytes, { params }) },
    { name: `${name}.gz`, bytes: gzipSync(bytes, { level: 9 }) },
  ];
}
