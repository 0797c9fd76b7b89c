import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage } from 'aws-cdk-lib/core';
import { isCheckout, packageRoot } from './package-root.ts';

/** Where queues and documents are. */
export type BackendName = 'aws' | 'redis';

/** The backends that each handler is bundled for; a handler is a folder in functions/ with a handler.ts. */
export const handlers = {
  api: ['aws', 'redis'],
  feedback: ['aws', 'redis'],
  send: ['aws'],
  schedule: ['aws'],
  webhook: ['aws'],
  'redis-consumer': ['redis'],
  'redis-watchdog': ['redis'],
} as const satisfies Readonly<Record<string, readonly BackendName[]>>;

/** Where a bundle lies below dist/. */
export function bundlePath(handler: string, backend: BackendName): string {
  return join('functions', handler, backend);
}

/** The code of a handler of ours: bundled here and now in a checkout, as it was bundled for the release in a package. */
export function functionCode(handler: string, backend: BackendName): AssetCode {
  return isCheckout
    ? bundledCode(handler, backend)
    : Code.fromAsset(join(packageRoot, 'dist', bundlePath(handler, backend)));
}

export type Bundling = {
  bundle(entry: string, outputDirectory: string, backend: BackendName): unknown;
  handlerEntry(name: string): string;
};

/**
 * The bundle as an asset whose hash is that of its content. Three times as fast as NodejsFunction, which starts a
 * shell, npx and esbuild for each function, and whose source maps, and so hashes, depend on the output's path.
 */
function bundledCode(handler: string, backend: BackendName): AssetCode {
  // Not an import: esbuild is not installed with the package.
  const { bundle, handlerEntry } = createRequire(import.meta.url)('./bundle.ts') as Bundling;
  const entry = handlerEntry(handler);
  return Code.fromAsset(dirname(entry), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Required by the type; used only if `tryBundle` declines, which it never does.
      image: DockerImage.fromRegistry('unused'),
      // Keeps apart, in an app with both, what the CDK would otherwise take for the same bundle.
      environment: { BACKEND: backend },
      local: {
        tryBundle: (outputDirectory) => {
          bundle(entry, outputDirectory, backend);
          return true;
        },
      },
    },
  });
}
