/**
 * `npm run templates:compare -- REF`: compares the templates of every variant of the stack with those of another commit, tag or
 * branch, synthesized with the packages that are installed here. Fails when an update of a deployed stack would lose data or
 * replace a resource that something outside the stack refers to.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Template } from '../../lib/synth.ts';
import { run } from '../deploy/child-process.ts';
import { extractSources, linkModules } from '../deploy/sources.ts';
import { type Comparison, compareTemplates } from './comparison.ts';
import { describeVariants } from './describe-variants.ts';

const root = join(import.meta.dirname, '..', '..');

/** The templates of the sources, by the names of the variants. */
async function templatesOf(sources: string, directory: string): Promise<Map<string, Template>> {
  const script = join(import.meta.dirname, 'write.ts');
  const env = { ...(process.env as Record<string, string>), TMPDIR: directory };
  await run(process.execPath, [script, sources, join(directory, 'templates')], { cwd: sources, env });
  const files = readdirSync(join(directory, 'templates'));
  return new Map(
    files.map((file) => [
      decodeURIComponent(file.replace(/\.json$/, '')),
      JSON.parse(readFileSync(join(directory, 'templates', file), 'utf8')),
    ]),
  );
}

/** Prints each line once, under the variants that have it. */
function print(lines: ReadonlyMap<string, readonly string[]>, all: readonly string[]): void {
  const byVariants = Map.groupBy(lines, ([, variants]) => describeVariants(variants, all));
  for (const [variants, entries] of byVariants) {
    console.info(`\n${variants}`);
    for (const [line] of entries) console.info(`  ${line}`);
  }
}

function collect(comparisons: ReadonlyMap<string, Comparison>, kind: keyof Comparison): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const [variant, comparison] of comparisons)
    for (const line of comparison[kind]) lines.set(line, [...(lines.get(line) ?? []), variant]);
  return lines;
}

const [ref] = process.argv.slice(2);
if (!ref) throw new Error('Usage: npm run templates:compare -- REF, a commit, tag or branch');
const directory = mkdtempSync(join(tmpdir(), 'templates-'));
try {
  const sources = join(directory, 'sources');
  await extractSources(root, ref, sources);
  linkModules(root, sources);
  const before = await templatesOf(sources, directory);
  rmSync(join(directory, 'templates'), { recursive: true });
  const after = await templatesOf(root, directory);
  const comparisons = new Map<string, Comparison>();
  for (const [name, template] of after) {
    const earlier = before.get(name);
    if (earlier) comparisons.set(name, compareTemplates(earlier, template));
    else console.info(`${ref} has no variant ${name}`);
  }
  for (const name of before.keys()) if (!after.has(name)) console.info(`only ${ref} has the variant ${name}`);
  print(collect(comparisons, 'differences'), [...comparisons.keys()]);
  const losses = collect(comparisons, 'losses');
  if (losses.size > 0) console.info('\nAn update of a deployed stack would lose something:');
  print(losses, [...comparisons.keys()]);
  console.info(`\n${comparisons.size} variants compared with ${ref}: ${losses.size} losses`);
  process.exitCode = losses.size > 0 || comparisons.size === 0 ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
