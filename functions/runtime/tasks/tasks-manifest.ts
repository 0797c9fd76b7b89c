import { readFileSync } from 'node:fs';
import type { TaskManifest } from '../../core/run/definition/manifest.ts';

/** Beside the function's index.mjs, and in a bundle so beside this file. Only a deployment with the option `tasks` has it. */
const FILE = new URL('./tasks.json', import.meta.url);

let read: { readonly manifest: TaskManifest | undefined } | undefined;

/** The user's tasks of this deployment, read when first asked for; undefined in a deployment without them. */
export function tasksManifest(): TaskManifest | undefined {
  read ??= { manifest: readManifest(FILE) };
  return read.manifest;
}

/** The manifest in a file; undefined if there is no such file. */
export function readManifest(file: URL): TaskManifest | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
