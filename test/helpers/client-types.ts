import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const compilerOptions = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  '--module',
  'nodenext',
  '--target',
  'es2024',
];

/** An answer of the API to a method of the official client, with the method's name: `emails.attachments.get`. */
export interface ClientAnswer {
  readonly method: string;
  readonly data: unknown;
  /** Replaces the type of the method's answer, where the method alone does not determine it. */
  readonly type?: string;
}

/**
 * Lets the compiler check answers against the types that the official client publishes for its methods, and resolves to
 * its errors: empty if there are none. JSON is a type, too: `{"id":"1","to":["a"]}`. As the type of a variable and not a
 * literal, an answer may have more fields than the client knows.
 */
export function checkAnswers(answers: readonly ClientAnswer[]): Promise<string> {
  const directories = join(root, 'node_modules', '.cache', 'client-types');
  mkdirSync(directories, { recursive: true });
  // In the repository, so that the compiler finds the client.
  const directory = mkdtempSync(join(directories, 'run-'));
  writeFileSync(join(directory, 'answers.ts'), program(answers));
  const options = { cwd: directory, maxBuffer: 16_000_000 };
  return new Promise((resolve) => {
    execFile(
      join(root, 'node_modules', '.bin', 'tsc'),
      [...compilerOptions, 'answers.ts'],
      options,
      (error, stdout) => {
        rmSync(directory, { recursive: true });
        resolve(error && !stdout ? String(error) : stdout);
      },
    );
  });
}

function program(answers: readonly ClientAnswer[]): string {
  const checks = answers.map(({ method, data, type = `Answer<Resend${indexed(method)}>` }, index) => {
    return [
      `declare const answer${index}: ${JSON.stringify(data)};`,
      `export const checked${index}: ${type} = answer${index}; // ${method}`,
    ].join('\n');
  });
  return [
    "import type { CreateBatchSuccessResponse, Resend } from 'resend';",
    'type Data<Response> = Response extends { data: infer Given; error: null } ? Given : never;',
    'type Answer<Method> = Method extends (...args: never[]) => Promise<infer Response> ? Data<Response> : never;',
    ...checks,
  ].join('\n');
}

const indexed = (method: string): string =>
  method
    .split('.')
    .map((name) => `['${name}']`)
    .join('');
