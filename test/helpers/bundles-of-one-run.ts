import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Bundles each function once a run, and not for each of the dozens of stacks that the tests synthesize (lib/bundle.ts). */
export default function keepBundles(project: TestProject): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'sendoff-bundles-'));
  process.env.SENDOFF_BUNDLES = directory;
  // In watch mode the sources have changed.
  project.onTestsRerun(async () => {
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  });
  return () => rmSync(directory, { recursive: true, force: true });
}
