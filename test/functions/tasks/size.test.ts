import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const entry = join(import.meta.dirname, '..', '..', '..', 'functions', 'tasks', 'tasks.ts');

/** KiB, minified, of the chunks that are loaded with the entry and with the way by HTTP. */
async function sizes() {
  const { outputs } = (
    await build({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      outdir: 'out',
      write: false,
      metafile: true,
      logLevel: 'silent',
      // Loaded only by a function with grantAccept, with clients of AWS.
      external: ['./direct-transport.ts'],
    })
  ).metafile;
  const reach = (file: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(file)) return seen;
    seen.add(file);
    for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === 'import-statement') reach(path, seen);
    return seen;
  };
  const named = (part: string) => Object.keys(outputs).find((file) => file.includes(part)) ?? '';
  const bytes = (files: Iterable<string>) =>
    [...new Set(files)].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
  const own = reach(named('out/tasks'));
  const http = reach(named('http-transport'));
  const packages = [...own, ...http]
    .flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}))
    .filter((file) => file.includes('node_modules'));
  return { definitionsKiB: bytes(own) / 1024, withHttpKiB: bytes([...own, ...http]) / 1024, packages };
}

it('a web process that declares tasks and calls them by HTTP loads less than 10 KiB, and no package', async () => {
  const { definitionsKiB, withHttpKiB, packages } = await sizes();
  console.log(`sendoff/tasks, minified: ${definitionsKiB.toFixed(1)} KiB, with HTTP ${withHttpKiB.toFixed(1)} KiB`);
  expect(packages).toEqual([]);
  expect(definitionsKiB).toBeGreaterThan(1);
  expect(withHttpKiB).toBeLessThan(10);
});
