/** `npm run typecheck`: type-checks the code of docs/tasks.md. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** The declarations that the reader of docs/tasks.md has beside its code. */
const SURROUNDINGS = `
import type { Stack } from 'aws-cdk-lib/core';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Sendoff } from '../../lib/index.ts';
import { chain, type GroupOutcome, group } from '../../functions/tasks/tasks.ts';
type User = { readonly id: string; readonly email: string };
declare const users: User[] & {
  get(id: string): Promise<User>;
  page(request: { after: string; limit: number }): Promise<User[]>;
};
declare const from: string, html: string, userId: string, url: string, charge: string;
declare const stack: Stack;
declare const usersTable: Table;
declare const stripe: { charges: { create(charge: string, options: { idempotencyKey: string }): Promise<unknown> } };
declare const run: import('../../functions/tasks/tasks.ts').RunContext;
declare const digestOf: (user: User) => { from: string; to: string; subject: string; text: string };
const done = task('group.done', {}, async (_: GroupOutcome) => {});
const fetchFile = task('file.fetch', { args: z.object({ url: z.string() }) }, async () => {});
const importFile = task('file.import', {}, async () => {});
`;

const page = readFileSync(join(root, 'docs', 'tasks.md'), 'utf8');
const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
const code = [SURROUNDINGS, ...blocks]
  .join('\n')
  .replaceAll('{ … }', '{}')
  .replaceAll("'sendoff/tasks'", "'../../functions/tasks/tasks.ts'");
// In the repository, so that its packages are found.
const directory = mkdtempSync(join(root, 'test', '.code-of-docs-'));
try {
  const file = join(directory, 'tasks.ts');
  writeFileSync(file, code);
  const extended = { extends: join(root, 'tsconfig.json'), include: [file] };
  const options = { noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ ...extended, compilerOptions: options }));
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const { status, stdout } = spawnSync(tsc, ['-p', directory], { cwd: root, encoding: 'utf8' });
  process.stdout.write(stdout);
  process.exitCode = blocks.length > 0 ? (status ?? 1) : 1;
} finally {
  rmSync(directory, { recursive: true });
}
