import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { type BuildOptions, buildSync, type Metafile } from 'esbuild';
import { bundleOptions } from './esbuild-options.ts';
import type { BackendName } from './handlers.ts';
import { packageRoot } from './package-root.ts';

/** The directory all paths in bundles and source maps are relative to: the root of this repository. */
const root = packageRoot;

/** The entry file of a function of ours, by its folder in functions/. */
export function handlerEntry(name: string): string {
  return join(root, 'functions', name, 'handler.ts');
}

/** The result of a bundling: how much code there is, and esbuild's account of where it comes from. */
export interface Bundle {
  /** Bytes that every cold start reads: index.mjs and the chunks it imports. */
  readonly coldBytes: number;
  /** With the chunks loaded only when needed, such as the S3 client; without source maps. */
  readonly totalBytes: number;
  /** The sources of the code that every cold start reads, each with its bytes there. */
  readonly coldInputs: ReadonlyMap<string, number>;
  readonly metafile: Metafile;
}

/**
 * Bundles a handler with everything it imports, the AWS SDK too, into `index.mjs`, its chunks and their source maps.
 * The bytes depend on the sources alone, neither on the place of the checkout nor of the output, so that an
 * unchanged function keeps its asset hash. Throws esbuild's error, with file and line, if the code does not build.
 *
 * @example
 * const { coldBytes } = bundle(handlerEntry('api'), '/tmp/api');
 */
export function bundle(entry: string, outputDirectory: string, backend: BackendName = 'aws'): Bundle {
  const { outputFiles, metafile } = build({
    ...bundleOptions,
    absWorkingDir: root,
    entryPoints: { index: relative(root, entry) },
    // A place in name only (nothing is written): the source maps' paths are relative to it.
    outdir: root,
    // CommonJS packages in the bundle (nodemailer, parts of the SDK) call `require` for Node's own modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    // So that a bundle holds the clients of its own backend alone (functions/runtime/backend.ts).
    define: { 'process.env.BACKEND': JSON.stringify(backend) },
  });
  mkdirSync(outputDirectory, { recursive: true });
  for (const file of outputFiles) writeFileSync(join(outputDirectory, basename(file.path)), file.contents);
  const code = Object.keys(metafile.outputs).filter((file) => file.endsWith('.mjs'));
  const cold = importedBy('index.mjs', metafile.outputs);
  return {
    coldBytes: sizeOf(cold, metafile),
    totalBytes: sizeOf(code, metafile),
    coldInputs: inputsOf(cold, metafile),
    metafile,
  };
}

type Built = { outputFiles: { path: string; contents: Uint8Array }[]; metafile: Metafile };

function build(options: BuildOptions): Built {
  return cached(options, () => {
    const { outputFiles, metafile } = buildSync({ ...options, write: false, metafile: true });
    return { outputFiles: outputFiles.map(({ path, contents }) => ({ path, contents })), metafile };
  });
}

/**
 * Builds, or takes what was built with the same options from the directory that SENDOFF_BUNDLES names. Only the tests set it,
 * for the length of one run (test/helpers/bundles-of-one-run.ts): they synthesize dozens of stacks from the same sources.
 */
export function cached<T>(options: BuildOptions, make: () => T): T {
  const { SENDOFF_BUNDLES: directory } = process.env;
  const file = directory && join(directory, createHash('sha256').update(JSON.stringify(options)).digest('hex'));
  if (file && existsSync(file)) return deserialize(readFileSync(file));
  const built = make();
  if (file) {
    // Another worker may read it at any time.
    const own = `${file}-${randomUUID()}`;
    writeFileSync(own, serialize(built));
    renameSync(own, file);
  }
  return built;
}

function sizeOf(files: Iterable<string>, { outputs }: Metafile): number {
  return [...files].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
}

function inputsOf(files: Iterable<string>, { outputs }: Metafile): Map<string, number> {
  const inputs = [...files].flatMap((file) => Object.entries(outputs[file]?.inputs ?? {}));
  const used = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return new Map(used.map(([path, { bytesInOutput }]) => [path, bytesInOutput]));
}

/** A file and all that it imports statically, directly or not. */
function importedBy(file: string, outputs: Metafile['outputs'], found = new Set<string>()): Set<string> {
  const output = outputs[file];
  if (!output || found.has(file)) return found;
  found.add(file);
  for (const { kind, path } of output.imports) if (kind === 'import-statement') importedBy(path, outputs, found);
  return found;
}
