import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalSendoff } from '../../lib/local/sendoff.ts';

/**
 * Django with django-anymail from PyPI against the local cloud: `npm run test:anymail`. Needs python3 with venv.
 * `ANYMAIL_VENV` names a directory that keeps the virtual environment for the next run.
 */
const directory = process.env.ANYMAIL_VENV ?? mkdtempSync(join(tmpdir(), 'anymail-'));
const python = join(directory, 'bin', 'python');

const run = (command: string, ...args: string[]): void => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: error });
};

if (!existsSync(python)) run('python3', '-m', 'venv', directory);
run(
  python,
  ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
  ...['--requirement', join(import.meta.dirname, 'requirements.txt')],
);

const { cloud, apiKey } = await startLocalSendoff({ port: 0 });
try {
  // Not spawnSync: the local cloud lives in this process and must answer meanwhile.
  const child = spawn(python, [join(import.meta.dirname, 'check.py')], {
    stdio: 'inherit',
    env: { ...process.env, SENDOFF_URL: cloud.apiUrl, SENDOFF_API_KEY: apiKey },
  });
  process.exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
} finally {
  await cloud.close();
}
