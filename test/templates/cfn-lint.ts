/**
 * `npm run test:templates`: cfn-lint over every variant of the stack; no error and no warning passes.
 * cfn-lint is a Python package: it is installed once, from PyPI. Exceptions, with reasons, are in .cfnlintrc.yaml.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { synthesize } from '../../lib/synth.ts';
import { pythonWith } from '../helpers/python-packages.ts';
import { variants } from './variants.ts';

const VERSION = '1.58.0';
const root = join(import.meta.dirname, '..', '..');

function run(command: string, args: readonly string[]): number {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(`${command} could not be started: ${error.message}`);
  return status ?? 1;
}

/** Writes the template of each variant into a file. Functions are not bundled: their code is not linted. */
function writeTemplates(directory: string): string[] {
  return variants.map(({ name, given }, index) => {
    const { template } = synthesize({ ...given, 'aws:cdk:bundling-stacks': [] }, join(directory, String(index)));
    const file = join(directory, `${name.replace(/[^\w=.-]+/g, '_')}.template.json`);
    writeFileSync(file, JSON.stringify(template, null, 1));
    return file;
  });
}

const directory = mkdtempSync(join(tmpdir(), 'cfn-lint-'));
try {
  const python = await pythonWith(`cfn-lint-${VERSION}`, [`cfn-lint==${VERSION}`]);
  const templates = writeTemplates(directory);
  // Run with this Python: the script's first line has the path that the environment had while it was created.
  const script = join(dirname(python), 'cfn-lint');
  process.exitCode = run(python, [script, '--non-zero-exit-code', 'informational', '--', ...templates]);
  console.info(`cfn-lint: ${templates.length} variants, ${process.exitCode === 0 ? 'nothing found' : 'see above'}`);
  for (const { name } of variants) console.info(`  ${name}`);
} finally {
  rmSync(directory, { recursive: true });
}
