import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Import {
  readonly from: string;
  /** A path from the root for a file of ours, otherwise the package's name. */
  readonly to: string;
}

/** Part of a file's path that a rule speaks of: its layer, and for functions and lib the folder in it. */
function layerOf(path: string): string {
  const [top = '', folder = ''] = path.split('/');
  if (top === 'functions')
    return folder === 'core' || folder === 'adapters' ? `functions/${folder}` : 'functions/<lambda>';
  return top === 'lib' && folder === 'local' ? 'lib/local' : top;
}

/** bin → lib → functions; in functions core ← adapters ← <lambda>; the local cloud is for bin and tests alone. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'functions/core': ['functions/core'],
  'functions/adapters': ['functions/core', 'functions/adapters'],
  'functions/<lambda>': ['functions/core', 'functions/adapters', 'functions/<lambda>'],
  lib: ['lib', 'functions/core', 'functions/adapters', 'functions/<lambda>'],
  'lib/local': ['lib', 'lib/local', 'functions/core', 'functions/adapters', 'functions/<lambda>'],
  bin: ['bin', 'lib', 'lib/local', 'functions/core', 'functions/adapters', 'functions/<lambda>'],
  test: ['test', 'bin', 'lib', 'lib/local', 'functions/core', 'functions/adapters', 'functions/<lambda>'],
};

/** I/O is for adapters; nodemailer's address parser is only that. */
const NOT_IN_CORE =
  /^(@aws-sdk\/|@smithy\/|@upstash\/|aws-|hono|nodemailer(?!\/lib\/addressparser$)|node:(fs|net|tls|dns|https?|http2|child_process|process)\b)/;
const NOT_IN_FUNCTIONS = /^(aws-cdk-lib|constructs|esbuild)\b/;

/** Why an import is against the direction; undefined when it is not. */
function objection({ from, to }: Import): string | undefined {
  const layer = layerOf(from);
  if (!/^(bin|lib|functions|test)\//.test(to)) {
    if (layer === 'functions/core' && NOT_IN_CORE.test(to)) return `${from}: the core does no I/O, so no ${to}`;
    if (layer.startsWith('functions/') && NOT_IN_FUNCTIONS.test(to)) return `${from}: ${to} is for lib`;
    return undefined;
  }
  if (!mayImport[layer]?.includes(layerOf(to))) return `${from} must not import ${to}`;
  const anotherLambda = layer === 'functions/<lambda>' && layerOf(to) === layer && dirname(from) !== dirname(to);
  return anotherLambda ? `${from} must not import another Lambda's ${to}` : undefined;
}

/** Every specifier of `import … from`, `export … from`, `import '…'` and `import('…')`. */
function importsOf(from: string, source: string): Import[] {
  const specifiers = source.matchAll(/^(?!\s*(?:\/\/|\/?\*)).*?(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"\n]+)['"]/gm);
  return [...specifiers].map(([, to = '']) => ({ from, to: to.startsWith('.') ? join(dirname(from), to) : to }));
}

describe('imports', () => {
  const files = globSync('{bin,lib,functions,test}/**/*.ts', { cwd: root });

  it('run one way: bin → lib → functions, and core ← adapters ← <lambda>', () => {
    const imports = files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));
    expect(imports.length).toBeGreaterThan(files.length);
    expect(imports.map(objection).filter(Boolean)).toEqual([]);
  });

  it.each([
    ['functions/core/email.ts', 'functions/adapters/env.ts'],
    ['functions/core/email.ts', '@aws-sdk/client-sqs'],
    ['functions/core/email.ts', 'node:fs'],
    ['functions/adapters/env.ts', 'functions/api/app.ts'],
    ['functions/api/app.ts', 'functions/send/handler.ts'],
    ['functions/api/app.ts', 'lib/config.ts'],
    ['functions/api/app.ts', 'aws-cdk-lib/core'],
    ['lib/sendoff.ts', 'bin/sendoff.ts'],
    ['lib/sendoff.ts', 'lib/local/cloud.ts'],
    ['lib/local/cloud.ts', 'test/helpers/wait.ts'],
    ['bin/local.ts', 'test/helpers/wait.ts'],
  ])('refuses %s → %s', (from, to) => {
    expect(objection({ from, to })).toContain(from);
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
