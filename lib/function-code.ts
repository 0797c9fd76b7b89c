import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { type BackendName, bundlePath, CONSOLE_FOLDER } from './handlers.ts';
import { isCheckout, packageRoot } from './package-root.ts';
import { writtenAsset } from './written-asset.ts';

/**
 * The code of a handler of ours: bundled here and now in a checkout, as it was bundled for the release in a package; with the files of the
 * web console beside it if it serves them.
 */
export function functionCode(handler: string, backend: BackendName, servesConsole = false): AssetCode {
  const built = join(packageRoot, 'dist', bundlePath(handler, backend));
  if (!isCheckout && !servesConsole) return Code.fromAsset(built);
  const place = isCheckout ? join(packageRoot, 'functions', handler) : built;
  return writtenAsset(place, { BACKEND: backend, CONSOLE: String(servesConsole) }, (directory) =>
    writeFunctionCode(handler, backend, directory, servesConsole),
  );
}

type Bundling = {
  bundle(entry: string, outputDirectory: string, backend: BackendName): unknown;
  handlerEntry(name: string): string;
};

type ConsoleBuild = { writeConsole(directory: string): void };

/** Writes the files of `functionCode` into a directory. */
export function writeFunctionCode(
  handler: string,
  backend: BackendName,
  directory: string,
  servesConsole = false,
): void {
  if (!isCheckout) {
    const dist = join(packageRoot, 'dist');
    cpSync(join(dist, bundlePath(handler, backend)), directory, { recursive: true });
    if (servesConsole) cpSync(join(dist, CONSOLE_FOLDER), join(directory, CONSOLE_FOLDER), { recursive: true });
    return;
  }
  // No imports: esbuild is not installed with the package.
  const require = createRequire(import.meta.url);
  const { bundle, handlerEntry } = require('./bundle.ts') as Bundling;
  bundle(handlerEntry(handler), directory, backend);
  if (servesConsole) (require('./console.ts') as ConsoleBuild).writeConsole(directory);
}
