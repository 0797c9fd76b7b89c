import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

const foldersBelow = (folder: string, depth: '*' | '**'): string[] =>
  globSync(`${folder}/${depth}/`, { cwd: root })
    .map((path) => path.split(sep).filter(Boolean).join('/'))
    .filter((path) => path !== folder && !path.includes('node_modules'));

/** Folders of test/ that mirror no folder of the sources. */
const OWN_FOLDERS_OF_TESTS = [
  'bench',
  'scale',
  'clients',
  'console',
  'contracts',
  'deploy',
  'fixtures',
  'flows',
  'fuzz',
  'helpers',
  'pacing',
  'package',
  'permissions',
  'repository',
  'templates',
];

describe('the tree', () => {
  it('has a purpose in docs/contributing.md for each folder of functions/core, and names no other', () => {
    const page = readFileSync(join(root, 'docs', 'contributing.md'), 'utf8');
    const [, table = ''] = page.match(/^\| `functions\/core\/…` \| purpose \|\n\|[-|]+\n((?:\|.*\n)+)/m) ?? [];
    const named = [...table.matchAll(/^\| `([\w/-]+)` \| \S.* \|$/gm)].map(([, name]) => name);
    const folders = foldersBelow('functions/core', '**').map((path) => path.slice('functions/core/'.length));
    expect(named).toEqual(folders.toSorted());
  });

  it('has a mirror of each source folder that is tested, and no test folder without one', () => {
    const folders = foldersBelow('test', '**').filter(
      (path) => !OWN_FOLDERS_OF_TESTS.includes(path.split('/')[1] ?? ''),
    );
    const withoutSource = folders
      .filter((path) => !/\/fixtures(\/|$)/.test(path) && !existsSync(join(root, path.slice('test/'.length))))
      // A file with a folder of tests: dead-letters.ts has dead-letters/.
      .filter((path) => !existsSync(join(root, `${path.slice('test/'.length)}.ts`)));
    expect(withoutSource).toEqual([]);
  });

  it('has no loose file in test/', () => {
    expect(globSync('test/*.*', { cwd: root })).toEqual([]);
  });

  it('has one handler.ts in each folder of a Lambda, and no code of a Lambda elsewhere', () => {
    const handlers = globSync('functions/**/handler.ts', { cwd: root }).map(dirname);
    const notLambdas = ['core', 'adapters', 'runtime', 'accept', 'tasks', 'console'];
    const lambdas = foldersBelow('functions', '*').filter((path) => !notLambdas.includes(path.split('/')[1] ?? ''));
    expect(handlers.map((path) => path.split(sep).join('/')).toSorted()).toEqual(lambdas.toSorted());
  });
});
