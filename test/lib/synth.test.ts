import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Synthesis, synthesize } from '../../lib/synth.ts';

/** Three bundles a synthesis, and the CDK's start in a process of its own, on a busy machine. */
const TIMEOUT_MS = 60_000;
const root = join(import.meta.dirname, '..', '..');
// The tests compare separate bundlings.
delete process.env.SENDOFF_BUNDLES;

describe('synthesize', () => {
  let directory: string;
  let synthesis: Synthesis;
  let staged: Synthesis;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'synth-'));
    synthesis = synthesize({}, join(directory, 'first'));
    staged = synthesize({ stage: 'test' }, join(directory, 'staged'));
  }, TIMEOUT_MS);
  afterAll(() => rmSync(directory, { recursive: true }));

  it('finds the bundle of every function in the assembly', () => {
    const functions = Object.values(synthesis.template.Resources).filter(
      ({ Type }) => Type === 'AWS::Lambda::Function',
    );
    expect(functions).toHaveLength(5);
    for (const { Properties = {} } of functions) {
      const { S3Key } = Properties.Code as { S3Key: string };
      const asset = join(synthesis.assemblyDirectory, `asset.${S3Key.replace('.zip', '')}`);
      expect(existsSync(join(asset, 'index.mjs'))).toBe(true);
    }
  });

  it('makes the same template from the same sources, whatever the directory', { timeout: TIMEOUT_MS }, () => {
    expect(synthesize({}, join(directory, 'second', 'deeper')).template).toEqual(synthesis.template);
  });

  it('names no account and no region', () => {
    expect(JSON.stringify(synthesis.template)).not.toMatch(/\b(\d{12}|[a-z]{2}-[a-z]+-\d)\b/);
  });

  it('refuses an unknown option', () => {
    expect(() => synthesize({ retentionDay: 1 })).toThrow("Did you mean 'retentionDays'?");
  });

  it('makes, stage by stage, stacks that stand side by side: nothing in them has a fixed name', () => {
    expect([synthesis.stackName, staged.stackName]).toEqual(['Sendoff', 'Sendoff-test']);
    const names = JSON.stringify(staged.template).match(/"(Table|Queue|Bucket|Function|Role|LogGroup)Name":"[^"]*"/g);
    expect(names).toBeNull();
  });

  it('is what the CDK app makes when the CLI starts it', { timeout: TIMEOUT_MS }, () => {
    const outdir = join(directory, 'app');
    const { status, stderr } = startApp(outdir, { 'aws:cdk:version-reporting': false, stage: 'test' });
    expect(status, stderr).toBe(0);
    const template = JSON.parse(readFileSync(join(outdir, 'Sendoff-test.template.json'), 'utf8'));
    expect(staged.template).toEqual(template);
  });

  it('stops the CDK app with one line about a wrong option', { timeout: TIMEOUT_MS }, () => {
    const outdir = join(directory, 'refused');
    const { status, stderr } = startApp(outdir, { maxConcurrency: '1' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `Option 'maxConcurrency' is "1"; allowed: 2 to 1000.\n`,
    });
    expect(existsSync(join(outdir, 'manifest.json'))).toBe(false);
  });
});

/** Runs bin/sendoff.ts as the CDK's CLI does, with cdk.json's context and that of its command line. */
function startApp(outdir: string, commandLine: Record<string, unknown>) {
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  return spawnSync(process.execPath, ['bin/sendoff.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...commandLine }),
      CDK_VALIDATION: 'false',
    },
  });
}
