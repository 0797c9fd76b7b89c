import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Synthesis } from '../../lib/synth.ts';

/** Measures for each function of the stack how much a cold start loads, and how long that takes. */
export function measureBundles({ template, assemblyDirectory }: Synthesis): [string, string][] {
  const floorMs = coldImportMs(emptyModule(), {});
  return Object.entries(template.Resources).flatMap(([logicalId, { Type, Properties = {} }]) => {
    if (Type !== 'AWS::Lambda::Function') return [];
    const { S3Key } = Properties.Code as { S3Key: string };
    const directory = join(assemblyDirectory, `asset.${S3Key.replace('.zip', '')}`);
    const names = Object.keys((Properties.Environment as { Variables: Record<string, string> }).Variables);
    const environment = Object.fromEntries(names.map((name) => [name, name === 'NODE_OPTIONS' ? '' : '1']));
    const importMs = coldImportMs(join(directory, 'index.mjs'), {
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'x',
      ...environment,
    });
    const { eagerKiB, totalKiB } = bundleSizes(directory);
    const name = /^Sendoff(.*)Function/.exec(logicalId)?.[1]?.toLowerCase() ?? logicalId;
    const later = totalKiB - eagerKiB;
    const text = `${eagerKiB.toFixed(0)} KiB cold${later > 1 ? `, ${later.toFixed(0)} later` : ''}, ${(importMs / floorMs).toFixed(0)} × empty`;
    return [[`bundle ${name}`, text]];
  });
}

/** Times a cold import in a new process, the median of several; an empty module gives the floor. */
function coldImportMs(file: string, environment: Record<string, string>): number {
  const script = `const t=performance.now();await import(${JSON.stringify(file)});process.stdout.write(String(performance.now()-t))`;
  const once = () =>
    Number(
      execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        env: { PATH: process.env.PATH ?? '', ...environment },
      }),
    );
  const times = Array.from({ length: 7 }, once).sort((a, b) => a - b);
  return times[3] ?? 0;
}

function emptyModule(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'sendoff-')), 'empty.mjs');
  writeFileSync(file, 'export {};\n');
  return file;
}

/** Size of a bundle's directory, and of what its entry loads at once. */
function bundleSizes(directory: string): { eagerKiB: number; totalKiB: number } {
  const code = readdirSync(directory).filter((name) => name.endsWith('.mjs'));
  const size = (name: string) => statSync(join(directory, name)).size / 1024;
  return {
    eagerKiB: eager(directory, 'index.mjs').reduce((sum, name) => sum + size(name), 0),
    totalKiB: code.reduce((sum, name) => sum + size(name), 0),
  };
}

function eager(directory: string, entry: string, seen: string[] = []): string[] {
  if (seen.includes(entry) || !existsSync(join(directory, entry))) return seen;
  seen.push(entry);
  const text = readFileSync(join(directory, entry), 'utf8');
  for (const [, name] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.mjs)"/g)) if (name) eager(directory, name, seen);
  return seen;
}
