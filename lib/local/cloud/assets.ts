import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the code of functions lies. */
export type Assets = {
  /** Folder of a code asset, by the object key the template names. */
  folder: (s3Key: string) => string;
  /** An empty folder for code that stands in the template itself. */
  inlineFolder: (logicalId: string) => Promise<string>;
  close: () => Promise<void>;
};

/** Finds assets in a cloud assembly: by its `asset.<hash>` folders, else by its asset manifests. */
export function openAssets(assemblyDirectory: string): Assets {
  let temporary: Promise<string> | undefined;
  return {
    folder: (s3Key) => {
      const hash = s3Key.replace(/\.zip$/, '').replace(/^.*\//, '');
      const folder = join(assemblyDirectory, `asset.${hash}`);
      if (existsSync(folder)) return folder;
      const listed = folderInManifests(assemblyDirectory, hash);
      if (listed) return listed;
      throw new Error(`${assemblyDirectory} has no asset ${hash}: was it synthesized with bundling?`);
    },
    inlineFolder: async (logicalId) => {
      // In the assembly, so that it finds the packages of the app as assets do.
      temporary ??= mkdtemp(join(assemblyDirectory, 'inline-'));
      const folder = join(await temporary, logicalId);
      await mkdir(folder);
      return folder;
    },
    close: async () => {
      if (temporary) await rm(await temporary, { recursive: true, force: true });
    },
  };
}

type Manifest = { files?: Record<string, { source?: { path?: string } }> };

function folderInManifests(assemblyDirectory: string, hash: string): string | undefined {
  const names = readdirSync(assemblyDirectory).filter((name) => name.endsWith('.assets.json'));
  for (const name of names) {
    const manifest = JSON.parse(readFileSync(join(assemblyDirectory, name), 'utf8')) as Manifest;
    const path = manifest.files?.[hash]?.source?.path;
    if (path) return join(assemblyDirectory, path);
  }
  return undefined;
}
