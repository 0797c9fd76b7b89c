/**
 * `node write.ts SOURCES DIRECTORY`: writes the template of each variant of the stack of these sources, which may be those of
 * an earlier commit, as a JSON file into the directory. Functions are not bundled.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [sources = '', directory = ''] = process.argv.slice(2);
// Where version 0.1 has its variants.
const places = ['test/templates/variants.ts', 'test/lib/variants.ts'].map((place) => join(sources, place));
const place = places.find((file) => existsSync(file));
if (!place) throw new Error(`${sources} has no list of variants: none of ${places.join(', ')}`);
const { synthesize }: typeof import('../../lib/synth.ts') = await import(join(sources, 'lib', 'synth.ts'));
const { variants }: typeof import('./variants.ts') = await import(place);

mkdirSync(directory, { recursive: true });
for (const { name, given } of variants) {
  const assembly = mkdtempSync(join(tmpdir(), 'assembly-'));
  const { template } = synthesize({ ...given, 'aws:cdk:bundling-stacks': [] }, assembly);
  writeFileSync(join(directory, `${encodeURIComponent(name)}.json`), JSON.stringify(template));
  rmSync(assembly, { recursive: true });
}
