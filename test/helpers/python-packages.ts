import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../deploy/child-process.ts';

const cacheDirectory = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'sendoff-python');

/**
 * Makes a virtual environment with these packages of PyPI (arguments of `pip install`) and answers its Python. It is made
 * once under this name, which must change with the versions of the packages.
 */
export async function pythonWith(name: string, packages: readonly string[]): Promise<string> {
  const directory = join(cacheDirectory, name);
  const python = join(directory, 'bin', 'python');
  if (existsSync(python)) return python;
  mkdirSync(cacheDirectory, { recursive: true });
  // Under another name until it is complete, so that an aborted run leaves nothing that looks usable.
  const unfinished = `${directory}.${process.pid}`;
  const options = { cwd: cacheDirectory, env: pipEnvironment() };
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  try {
    await makeEnvironment(unfinished);
    await run(join(unfinished, 'bin', 'python'), [...pip, ...packages], options);
    rmSync(directory, { recursive: true, force: true });
    renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return python;
}

/** Debian has no Python, or a `venv` that lacks `ensurepip` until another package is installed. */
async function makeEnvironment(directory: string): Promise<void> {
  const options = { cwd: cacheDirectory, env: pipEnvironment() };
  const venv = () => run('python3', ['-m', 'venv', '--clear', directory], options);
  try {
    await venv();
  } catch (cause) {
    try {
      await installVenv();
      await venv();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`No Python with venv here, and python3-venv could not be installed: ${reason}`, { cause });
    }
  }
}

async function installVenv(): Promise<void> {
  const env = { ...pipEnvironment(), DEBIAN_FRONTEND: 'noninteractive' };
  const [command = '', ...args] = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
  const aptGet = (...more: string[]) => run(command, [...args, ...more], { cwd: cacheDirectory, env });
  await aptGet('update');
  await aptGet('install', '-y', '--no-install-recommends', 'python3-venv');
}

/** pip and apt-get may need the proxy, certificates and index of the machine, and no other variables. */
function pipEnvironment(): Record<string, string> {
  const wanted = /^(PATH|HOME|LANG|TMPDIR|PIP_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|PYENV_.*|.*_proxy)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => wanted.test(name))) as Record<
    string,
    string
  >;
}
