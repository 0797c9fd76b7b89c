import {
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './child-process.ts';

/** A response header of the functions in `changedCopy`. */
export const RELEASE_HEADER = 'x-release';
export const CHANGED_RELEASE = 'changed';

const environment = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', LANG: 'C.UTF-8' };

/** Copies the working tree, with uncommitted changes, and changes the code of every function. */
export async function changedCopy(rootDirectory: string, directory: string): Promise<string> {
  const args = [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--',
    'bin',
    'lib',
    'functions',
    'test/fixtures/tasks',
    ':/*.json',
  ];
  const listed = await run('git', args, { cwd: rootDirectory, env: environment });
  for (const file of new Set(listed.split('\0').filter(Boolean))) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    // `force`: the index may have a file that is deleted in the working tree.
    cpSync(join(rootDirectory, file), join(directory, file), { force: true });
  }
  linkModules(rootDirectory, directory);
  for (const handler of globSync('functions/*/handler.ts', { cwd: directory })) wrap(join(directory, handler));
  return directory;
}

const WRAPPED = `import { handler as unchanged } from './unchanged.ts';
export async function handler(event: never, context: never): Promise<unknown> {
  const answer: any = await unchanged(event, context);
  if (answer?.statusCode === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, '${RELEASE_HEADER}': '${CHANGED_RELEASE}' } };
}
`;
/** A function of the user's tasks makes its handler of their file. */
const WRAPPED_TASKS = `import { createHandler as unchanged } from './unchanged.ts';
export function createHandler(file: Readonly<Record<string, unknown>>) {
  const handler = unchanged(file);
  return (event: never, context: never): Promise<unknown> => handler(event, context);
}
`;

/** Adds the release header to the answers of a handler. */
function wrap(handlerFile: string): void {
  const isOfTasks = readFileSync(handlerFile, 'utf8').includes('export function createHandler(');
  renameSync(handlerFile, join(dirname(handlerFile), 'unchanged.ts'));
  writeFileSync(handlerFile, isOfTasks ? WRAPPED_TASKS : WRAPPED);
}

/** The sources of an earlier release. */
export interface PreviousRelease {
  readonly directory: string;
  /** A tag, or `HEAD` when there is none. */
  readonly name: string;
}

/**
 * Extracts the last tagged release before this commit into the directory; without a tag HEAD, because a clone in CI may be
 * shallow and have no tags.
 */
export async function previousRelease(rootDirectory: string, directory: string): Promise<PreviousRelease> {
  const git = async (...args: string[]) => (await run('git', args, { cwd: rootDirectory, env: environment })).trim();
  const tags = await git(
    // v1.0.0-rc.1 comes before v1.0.0.
    '-c',
    'versionsort.suffix=-',
    'tag',
    '--merged',
    'HEAD',
    '--no-contains',
    'HEAD',
    '--sort=-version:refname',
    '--list',
    'v*',
    '[0-9]*',
  );
  const name = tags.split('\n')[0] || 'HEAD';
  await extractSources(rootDirectory, name, directory);
  const lockFile = (of: string) => readFileSync(join(of, 'package-lock.json'), 'utf8');
  if (lockFile(directory) === lockFile(rootDirectory)) linkModules(rootDirectory, directory);
  else await install(directory);
  return { directory, name };
}

/** Writes the sources of a commit, tag or branch into the directory. */
export async function extractSources(rootDirectory: string, ref: string, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const archive = join(directory, 'sources.tar');
  await run('git', ['archive', '--output', archive, ref], { cwd: rootDirectory, env: environment });
  await run('tar', ['-xf', archive, '-C', directory], { cwd: directory, env: environment });
  rmSync(archive);
}

/** Installs without running scripts: only the packages `node` and `esbuild` have one, and neither is needed. */
async function install(directory: string): Promise<void> {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', args, { cwd: directory, env: process.env as Record<string, string> });
}

/** Gives the sources in the directory the packages that are installed in the root. */
export function linkModules(rootDirectory: string, directory: string): void {
  symlinkSync(realpathSync(join(rootDirectory, 'node_modules')), join(directory, 'node_modules'));
}
