import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import type { BuildOptions, BuildResult } from 'esbuild';
import { bundleOptions } from '../esbuild-options.ts';
import { isCheckout, packageRoot } from '../package-root.ts';

/** The user's file does not build, or cannot be loaded. The message is for the person who wrote it. */
export class TasksError extends Error {
  override readonly name = 'TasksError';
}

/** A bundle in memory. */
export interface BuiltFiles {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** The files that went into it, absolute, without those of installed packages. */
  readonly sources: readonly string[];
}

/** A module of ours: its source in a checkout, otherwise as it was compiled for the package. */
export function ownModule(path: string): string {
  return isCheckout ? join(packageRoot, `${path}.ts`) : join(packageRoot, 'dist', `${path}.js`);
}

/** The package's entries that the user's file may import. With ours they are one instance, also in a checkout. */
const aliases = (): Record<string, string> => ({
  'sendoff/tasks': ownModule('functions/tasks/tasks'),
  'sendoff/accept': ownModule('functions/accept/accept'),
});

/**
 * Bundles `entry`, the text of a module that may import any file by its absolute path, into `index.mjs` and its chunks. The bytes
 * depend neither on the place of the app nor on that of the output. It uses the esbuild of the user's app, as NodejsFunction does.
 *
 * @throws TasksError with esbuild's messages, with file and line.
 */
export function build(entry: string, file: string): BuiltFiles {
  const cwd = dirname(file);
  const esbuild = findEsbuild(cwd);
  const options = {
    ...bundleOptions,
    absWorkingDir: cwd,
    stdin: { contents: entry, resolveDir: cwd, sourcefile: 'tasks-entry.mjs', loader: 'js' },
    entryNames: 'index',
    // A place in name only (nothing is written): the source maps' paths are relative to it.
    outdir: cwd,
    write: false,
    metafile: true,
    alias: aliases(),
    // Names of the user's classes and functions are in their errors and logs.
    keepNames: true,
    // CommonJS packages call `require` for Node's own modules, and look for files beside themselves.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;",
    },
  } as const satisfies BuildOptions;
  const { outputFiles, metafile } = buildWith(esbuild, options, file);
  return {
    files: outputFiles.map(({ path, contents }) => ({ name: basename(path), bytes: contents })),
    sources: Object.keys(metafile.inputs)
      .filter((input) => !/(^|[\\/])node_modules[\\/]/.test(input) && input !== 'tasks-entry.mjs')
      .map((input) => join(cwd, input))
      .filter((input) => existsSync(input)),
  };
}

type Esbuild = typeof import('esbuild');
type Built = BuildResult<{ write: false; metafile: true }>;

function buildWith(esbuild: Esbuild, options: BuildOptions & { write: false; metafile: true }, file: string): Built {
  try {
    return esbuild.buildSync(options);
  } catch (error) {
    if (!(error instanceof Error && 'errors' in error && Array.isArray(error.errors))) throw error;
    const messages = esbuild.formatMessagesSync(error.errors, { kind: 'error', color: false, terminalWidth: 120 });
    throw new TasksError(`The tasks in ${fromHere(file)} do not build:\n\n${messages.join('').trimEnd()}`, {
      cause: error,
    });
  }
}

/** The path as the user writes it. */
export const fromHere = (file: string): string => relative(process.cwd(), file) || file;

function findEsbuild(directory: string): Esbuild {
  for (const place of [join(directory, 'tasks.js'), join(process.cwd(), 'app.js'), import.meta.filename]) {
    try {
      return createRequire(place)('esbuild');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')) throw error;
    }
  }
  throw new TasksError(
    "The option 'tasks' bundles your file with esbuild, an optional peer dependency that is not installed: npm install --save-dev esbuild",
  );
}
