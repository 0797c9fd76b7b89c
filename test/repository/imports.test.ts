import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

interface Import {
  readonly from: string;
  /** A path from the root for a file of ours, otherwise the package's name. */
  readonly to: string;
}

/** The part of the tree that a rule names: for functions and lib the folder below them. */
function layerOf(path: string): string {
  const [top = '', folder = '', room = ''] = path.split('/');
  if (top === 'functions')
    return ['core', 'adapters', 'runtime', 'console'].includes(folder) ? `functions/${folder}` : 'functions/<lambda>';
  if (top !== 'lib' || folder !== 'local') return top;
  return room === 'cloud' ? 'lib/local/cloud' : 'lib/local';
}

const functions = ['functions/core', 'functions/adapters', 'functions/runtime', 'functions/<lambda>'];

/** bin → lib → functions; in functions core ← adapters ← runtime ← <lambda>; the local cloud knows nothing of Sendoff, the console only types. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'functions/core': ['functions/core'],
  'functions/adapters': ['functions/core', 'functions/adapters'],
  'functions/runtime': ['functions/core', 'functions/adapters', 'functions/runtime'],
  'functions/<lambda>': functions,
  'functions/console': ['functions/console'],
  lib: ['lib', ...functions],
  'lib/local/cloud': ['lib/local/cloud'],
  'lib/local': ['lib', 'lib/local', 'lib/local/cloud', ...functions],
  bin: ['bin', 'lib', 'lib/local', 'lib/local/cloud', ...functions.slice(0, -1)],
  test: ['test', 'bin', 'lib', 'lib/local', 'lib/local/cloud', ...functions, 'functions/console'],
};

/** The folders of functions/core that a folder may import, beside `ports` and the files in core itself. */
const coreMayImport: Readonly<Record<string, readonly string[]>> = {
  '.': [],
  ports: [],
  document: [],
  task: [],
  pacing: ['task'],
  template: ['document', 'email'],
  email: ['document', 'pacing', 'task', 'suppression', 'template', 'webhook'],
  schedule: ['document', 'email', 'pacing'],
  broadcast: ['audience', 'document', 'email', 'pacing', 'task', 'template', 'suppression', 'webhook'],
  clock: ['document', 'run', 'task'],
  feedback: ['broadcast', 'document', 'email', 'suppression', 'webhook'],
  run: ['document', 'email', 'pacing', 'task', 'webhook'],
  suppression: ['document', 'email', 'webhook'],
  webhook: ['document', 'email', 'suppression', 'task'],
  access: ['document', 'email'],
  audience: ['document', 'email', 'suppression', 'task', 'webhook'],
  inspection: ['broadcast', 'document', 'email', 'pacing'],
  privacy: ['audience', 'document', 'email', 'run', 'suppression', 'webhook'],
};

/** I/O is for adapters; nodemailer's address parser is only that. */
const NOT_IN_CORE =
  /^(@aws-sdk\/|@smithy\/|@upstash\/|aws-|hono|nodemailer(?!\/lib\/addressparser$)|node:(fs|net|tls|dns|https?|http2|child_process|process)\b)/;
const NOT_IN_FUNCTIONS = /^(aws-cdk-lib|constructs|esbuild)\b/;
/** What a browser gets. */
const IN_CONSOLE = /^(preact(\/hooks)?|@preact\/signals)$/;
/** Pure functions that the console shares with the functions; they import nothing. */
const SHARED_WITH_CONSOLE = ['functions/core/template/placeholders.ts'];

/** Why an import is against the direction; undefined when it is not. */
function objection({ from, to }: Import): string | undefined {
  const layer = layerOf(from);
  if (!/^(bin|lib|functions|test)\//.test(to)) {
    if (layer === 'functions/core' && NOT_IN_CORE.test(to)) return `${from}: the core does no I/O, so no ${to}`;
    if (layer === 'functions/console' && !IN_CONSOLE.test(to)) return `${from}: ${to} is not for browsers`;
    if (layer.startsWith('functions/') && NOT_IN_FUNCTIONS.test(to)) return `${from}: ${to} is for lib`;
    return undefined;
  }
  // The one type of a template: the local cloud runs templates, whoever synthesizes them.
  if (layer === 'lib' && to === 'lib/local/cloud/template.ts') return undefined;
  if (layer === 'functions/console' && SHARED_WITH_CONSOLE.includes(to)) return undefined;
  if (!mayImport[layer]?.includes(layerOf(to))) return `${from} must not import ${to}`;
  if (layer === 'functions/core') return objectionInCore(from, to);
  const anotherLambda = layer === 'functions/<lambda>' && layerOf(to) === layer && lambdaOf(from) !== lambdaOf(to);
  return anotherLambda ? `${from} must not import another Lambda's ${to}` : undefined;
}

function objectionInCore(from: string, to: string): string | undefined {
  const [own, other] = [from, to].map((path) => path.split('/').slice(2, -1)[0] ?? '.') as [string, string];
  if (own === other || other === 'ports' || other === '.' || coreMayImport[own]?.includes(other)) return undefined;
  return `${from} must not import ${to}: ${own} → ${other} is not in the list`;
}

const lambdaOf = (path: string) => path.split('/')[1];

/** Every specifier of `import … from`, `export … from`, `import '…'` and `import('…')`. Types do not reach the browser: those of the console are left out. */
function importsOf(from: string, source: string): Import[] {
  const kept = layerOf(from) === 'functions/console' ? source.replaceAll(/^(?:im|ex)port type [^;]*;/gm, '') : source;
  const specifiers = kept.matchAll(/^(?!\s*(?:\/\/|\/?\*)).*?(?:\bfrom\s|\bimport\b)\s*\(?\s*['"]([^'"\n]+)['"]/gm);
  return [...specifiers].map(([, to = '']) => ({ from, to: to.startsWith('.') ? join(dirname(from), to) : to }));
}

/** Every shortest circle of imports, each once, as `a → b → a`. */
function circlesIn(imports: readonly Import[]): string[] {
  const next = Map.groupBy(imports, ({ from }) => from);
  const found = new Map<string, string>();
  for (const start of next.keys()) {
    const circle = shortestWay(start, start, next);
    const key = [...(circle ?? [])].sort().join();
    if (circle && !found.has(key)) found.set(key, [start, ...circle].join(' → '));
  }
  return [...found.values()];
}

/** The files after `from` on the shortest way to `to`, which is the last of them. */
function shortestWay(from: string, to: string, next: ReadonlyMap<string, readonly Import[]>): string[] | undefined {
  const ways: string[][] = [[from]];
  const seen = new Set<string>();
  for (const way of ways)
    for (const { to: file } of next.get(way.at(-1) ?? '') ?? []) {
      if (file === to) return [...way.slice(1), file];
      if (!seen.has(file)) ways.push([...way, file]);
      seen.add(file);
    }
  return undefined;
}

describe('imports', () => {
  const files = globSync('{bin,lib,functions,test}/**/*.{ts,tsx}', { cwd: root });
  const imports = files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));

  it('run one way: bin → lib → functions, and core ← adapters ← runtime ← <lambda>', () => {
    expect(imports.length).toBeGreaterThan(files.length);
    expect(imports.map(objection).filter(Boolean)).toEqual([]);
  });

  it('make no circle', () => {
    const within = imports.filter(({ to }) => existsSync(join(root, to)) && !to.startsWith('node_modules'));
    expect(circlesIn(within)).toEqual([]);
  });

  it('in a circle are found, however long it is', () => {
    const chain = (...chained: string[]) => chained.slice(1).map((to, index) => ({ from: chained[index] ?? '', to }));
    expect(circlesIn(chain('a', 'b', 'c', 'd'))).toEqual([]);
    expect(circlesIn([...chain('a', 'b', 'c', 'a'), ...chain('c', 'd', 'c'), ...chain('d', 'e')])).toEqual([
      'a → b → c → a',
      'c → d → c',
    ]);
  });

  it.each([
    ['functions/core/email/email.ts', 'functions/runtime/env.ts'],
    ['functions/core/email/email.ts', '@aws-sdk/client-sqs'],
    ['functions/core/email/email.ts', 'node:fs'],
    ['functions/core/email/email.ts', 'functions/core/access/api-key.ts'],
    ['functions/core/ports/table.ts', 'functions/core/email/email.ts'],
    ['functions/adapters/logger.ts', 'functions/api/app.ts'],
    ['functions/adapters/logger.ts', 'functions/runtime/env.ts'],
    ['functions/runtime/env.ts', 'functions/api/app.ts'],
    ['functions/api/app.ts', 'functions/send/handler.ts'],
    ['functions/api/app.ts', 'functions/console/router.ts'],
    ['functions/console/app.tsx', 'functions/api/emails/view.ts'],
    ['functions/console/app.tsx', 'node:fs'],
    ['functions/api/emails/routes.ts', 'functions/send/handler.ts'],
    ['functions/api/app.ts', 'lib/config.ts'],
    ['functions/api/app.ts', 'aws-cdk-lib/core'],
    ['lib/sendoff.ts', 'bin/sendoff.ts'],
    ['lib/sendoff.ts', 'lib/local/cloud/cloud.ts'],
    ['lib/local/cloud/cloud.ts', 'functions/core/errors.ts'],
    ['lib/local/cloud/cloud.ts', 'lib/synth.ts'],
    ['lib/local/cloud/cloud.ts', 'test/helpers/wait.ts'],
    ['bin/local.ts', 'test/helpers/wait.ts'],
    ['bin/cli/commands/keys.ts', 'functions/api/api-keys/routes.ts'],
  ])('refuses %s → %s', (from, to) => {
    expect(objection({ from, to })).toContain(from);
  });

  it('leave types of the API to the console', () => {
    const source =
      "import type { A } from '../api/a.ts';\nimport type {\n  B,\n} from '../api/b.ts';\nimport { c } from './c.ts';";
    expect(importsOf('functions/console/app.tsx', source).map(({ to }) => to)).toEqual(['functions/console/c.ts']);
  });

  it('finds static, re-exporting, bare and dynamic imports', () => {
    const source = [
      "import { a } from './a.ts';",
      "export * from '../core/b.ts';",
      "import 'c';",
      "const d = await import('./d.ts');",
      "import {\n  e,\n} from 'e';",
      "// import x from './comment.ts';",
    ].join('\n');
    expect(importsOf('functions/api/app.ts', source).map(({ to }) => to)).toEqual([
      'functions/api/a.ts',
      'functions/core/b.ts',
      'c',
      'functions/api/d.ts',
      'e',
    ]);
  });
});
