import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { buildSync, type Metafile } from 'esbuild';

/** The directory all paths in bundles and source maps are relative to: the root of this repository. */
const root = join(import.meta.dirname, '..');

/** The entry file of a function of ours, by its folder in functions/. */
export function handlerEntry(name: string): string {
  return join(root, 'functions', name, 'handler.ts');
}

/** What came out of a bundling: the code's size and esbuild's account of where it comes from. */
export interface Bundle {
  /** Size of index.mjs, without its source map. */
  readonly sizeBytes: number;
  readonly metafile: Metafile;
}

/**
 * Bundles a handler with everything it imports, the AWS SDK too, into `index.mjs` and its source map.
 * The bytes depend on the sources alone, neither on the place of the checkout nor of the output, so that an
 * unchanged function keeps its asset hash. Throws esbuild's error, with file and line, if the code does not build.
 *
 * @example
 * const { sizeBytes } = bundle(handlerEntry('api'), '/tmp/api');
 */
export function bundle(entry: string, outputDirectory: string): Bundle {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: [relative(root, entry)],
    // A place in name only (`write: false`): the source map's paths are relative to it.
    outfile: join(root, 'index.mjs'),
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    treeShaking: true,
    keepNames: false,
    legalComments: 'none',
    charset: 'utf8',
    sourcemap: true,
    sourcesContent: false,
    // CommonJS packages in the bundle (nodemailer, parts of the SDK) call `require` for Node's own modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    metafile: true,
    logLevel: 'silent',
  });
  mkdirSync(outputDirectory, { recursive: true });
  for (const file of outputFiles) writeFileSync(join(outputDirectory, basename(file.path)), file.contents);
  const code = outputFiles.find((file) => file.path.endsWith('.mjs'));
  return { sizeBytes: code?.contents.byteLength ?? 0, metafile };
}
