import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLocalSendoff } from '../../lib/local/sendoff.ts';
import { pythonWith } from '../python-packages.ts';

/** Django with django-anymail from PyPI against the local cloud: `npm run test:anymail`. Needs python3. */
const requirements = join(import.meta.dirname, 'requirements.txt');
const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
const python = await pythonWith(`anymail-${version}`, ['--requirement', requirements]);

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
