import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from '../deploy/child-process.ts';

/** Everything that is fetched or compiled; outside the sources, and kept between runs. */
export const cacheDirectory = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'sendoff-clients');

/** What build tools may see of this process's environment: a proxy, certificates, where their caches are. */
const PASSED_ON = /^(PATH|HOME|LANG|TMPDIR|JAVA_HOME|GO.*|CARGO_.*|RUSTUP_.*|PYENV_.*|SSL_CERT_.*|.*_CA_.*|.*_proxy)$/i;

/** Runs a build tool; throws with its last lines if it fails. */
export async function tool(command: string, args: readonly string[], cwd = import.meta.dirname): Promise<string> {
  const env = Object.entries(process.env).filter(([name]) => PASSED_ON.test(name));
  return run(command, args, { cwd, env: Object.fromEntries(env) as Record<string, string> });
}

/**
 * A folder of the cache, filled by `fill` unless a run before has done it. Its name changes with the files that say
 * what is in it (paths from this folder). A fill that breaks off leaves nothing that looks complete.
 */
export async function cached(
  name: string,
  files: readonly string[],
  fill: (directory: string) => Promise<unknown>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(import.meta.dirname, file)));
  const directory = join(cacheDirectory, `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(directory)) return directory;
  const unfinished = `${directory}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await fill(unfinished);
    renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return directory;
}

/** True when the command is on the PATH. */
export const isInstalled = (command: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((directory) => globSync(join(directory, command)).length > 0);

/** Installs packages of Debian; throws if it may not, or there is no apt-get. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const [command = '', ...args] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  await tool(command, [...args, 'update']);
  await tool(command, [...args, 'install', '-y', '--no-install-recommends', ...packages]);
}
