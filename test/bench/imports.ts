import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface BundleMeasure {
  readonly name: string;
  /** What is loaded at a cold start: the entry and every chunk it imports at once. */
  readonly eagerKiB: number;
  readonly totalKiB: number;
  readonly importMs: number;
}

/** Times a cold import in a new process, the median of several; an empty module gives the floor. */
export function coldImportMs(file: string, environment: Record<string, string>): number {
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

export function emptyModule(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'sendoff-')), 'empty.mjs');
  writeFileSync(file, 'export {};\n');
  return file;
}

/** Size of a bundle's directory, and of what its entry loads at once. */
export function bundleSizes(directory: string): { eagerKiB: number; totalKiB: number } {
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
