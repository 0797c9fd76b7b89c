import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { optionsPage, withOptions } from './options-page.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const LONGEST_README_BYTES = 9_216;
const LONGEST_PAGE_BYTES = 10_500;

const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })];
const withoutCode = (page: string) => page.replaceAll(/^```.*?^```$/gms, '');

/** A link of a page to another place of the repository. */
interface Link {
  readonly from: string;
  /** The file it leads to, from the root. */
  readonly to: string;
  /** What follows `#`; empty if nothing does. */
  readonly anchor: string;
}

function linksOf(from: string): Link[] {
  const targets = withoutCode(read(from)).matchAll(/\]\(([^)\s]+)\)/g);
  return [...targets].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor = ''] = target.split('#');
    return [{ from, to: path === '' ? from : join(dirname(from), path), anchor }];
  });
}

/** The anchors that GitHub gives to the headings of a page. */
const anchorsOf = (page: string): string[] =>
  [...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

function isBroken({ to, anchor }: Link): boolean {
  if (!existsSync(join(root, to))) return true;
  return anchor !== '' && !anchorsOf(read(to)).includes(anchor);
}

const links = pages.flatMap(linksOf);

describe('the documents', () => {
  it('show every option as lib/config.ts has it; `node test/repository/options-page.ts` writes the table', () => {
    const page = readFileSync(optionsPage, 'utf8');
    expect(page).toBe(withOptions(page));
    expect(page).toContain('| `stage` |');
  });

  it.each(pages)('%s names only npm scripts that exist', (file) => {
    const { scripts } = JSON.parse(read('package.json'));
    const named = [...read(file).matchAll(/npm (?:run ([a-z:]+)|(start|test)\b)/g)].map(
      ([, run, short]) => run ?? short,
    );
    expect(named.filter((name) => name && !(name in scripts))).toEqual([]);
  });

  it.each(pages)('%s names only files of the repository that exist', (file) => {
    const named = [...read(file).matchAll(/`((?:bin|docs|functions|lib|test)\/[\w./-]+)`/g)].map(
      ([, path = '']) => path,
    );
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('have no broken link and no broken anchor', () => {
    expect(links.length).toBeGreaterThan(pages.length);
    expect(links.filter(isBroken)).toEqual([]);
  });

  it('can all be reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) for (const { from, to } of links) if (from === page) reached.add(to);
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });

  it.each(pages)('%s is short enough to read', (file) => {
    const longest = file === 'README.md' ? LONGEST_README_BYTES : LONGEST_PAGE_BYTES;
    expect(statSync(join(root, file)).size).toBeLessThanOrEqual(longest);
  });

  it.each(pages.filter((page) => page !== 'README.md'))('%s says first what its reader can do after it', (file) => {
    expect(read(file)).toMatch(/^# .+\n\nWith (this page|these pages) you can /);
  });

  it('give a reason for every dependency', () => {
    const { dependencies, peerDependencies, optionalDependencies, devDependencies } = JSON.parse(read('package.json'));
    const all = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies, ...devDependencies });
    const named = new Set(`${read('README.md')}${read('docs/contributing.md')}`.match(/(?<=`)[@a-z][\w@./*-]*(?=`)/g));
    const isNamed = (name: string) => named.has(name) || [...named].some((group) => isInGroup(name, group));
    expect(all.filter((name) => !isNamed(name))).toEqual([]);
  });
});

/** Whether a group such as `@aws-sdk/client-*` has this package. */
const isInGroup = (name: string, group: string): boolean => group.endsWith('*') && name.startsWith(group.slice(0, -1));

describe('anchors', () => {
  it('are made of headings as GitHub makes them', () => {
    const page = "# Use it: now\n\n## What it's for, and `how`\n\n```sh\n# no heading\n```\n\n### A–B (c)\n";
    expect(anchorsOf(page)).toEqual(['use-it-now', 'what-its-for-and-how', 'ab-c']);
  });

  it('and paths are checked from the page that has the link', () => {
    const link = (from: string, to: string, anchor = ''): Link => ({
      from,
      to: relative('.', join(dirname(from), to)),
      anchor,
    });
    expect(isBroken(link('docs/api.md', '../README.md'))).toBe(false);
    expect(isBroken(link('docs/api.md', 'README.md'))).toBe(true);
    expect(isBroken(link('docs/api.md', 'webhooks.md', 'retries'))).toBe(false);
    expect(isBroken(link('docs/api.md', 'webhooks.md', 'no-such-heading'))).toBe(true);
  });
});
