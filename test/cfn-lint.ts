/**
 * `npm run test:templates`: cfn-lint over every variant of the stack; no error and no warning passes.
 * cfn-lint is Python's: it is installed once, from PyPI, into .venv-ci. What it may overlook stands, with the reason,
 * in .cfnlintrc.yaml.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../lib/synth.ts';
import { variants } from './lib/variants.ts';

const CFN_LINT = 'cfn-lint==1.58.0';
const root = join(import.meta.dirname, '..');
const venv = join(root, '.venv-ci');
const linter = join(venv, 'bin', 'cfn-lint');

function run(command: string, args: readonly string[]): number {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(`${command} could not be started: ${error.message}`);
  return status ?? 1;
}

function install(): boolean {
  if (existsSync(linter)) return true;
  return (
    run('python3', ['-m', 'venv', venv]) === 0 && run(join(venv, 'bin', 'pip'), ['install', '--quiet', CFN_LINT]) === 0
  );
}

/** The template of each variant as a file, without bundling: what is linted is what stands around the code. */
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
  if (!install()) throw new Error(`cfn-lint could not be installed: ${CFN_LINT} into ${venv}`);
  const templates = writeTemplates(directory);
  process.exitCode = run(linter, ['--non-zero-exit-code', 'informational', '--', ...templates]);
  console.info(`cfn-lint: ${templates.length} variants, ${process.exitCode === 0 ? 'nothing found' : 'see above'}`);
  for (const { name } of variants) console.info(`  ${name}`);
} finally {
  rmSync(directory, { recursive: true });
}
