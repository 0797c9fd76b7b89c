import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cached, tool } from '../../clients/build.ts';
import { pythonWith } from '../../helpers/python-packages.ts';
import type { Programs } from './queue-on-redis.ts';

const here = (...path: string[]) => join(import.meta.dirname, ...path);

/** Installs Celery and Django; with the default pool, a process per core, or with 50 threads. */
export async function celery(pool: 'processes' | 'threads'): Promise<Programs> {
  const requirements = here('celery', 'requirements.txt');
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const python = await pythonWith(`peers-${version}`, ['--requirement', requirements]);
  const threads = pool === 'processes' ? [] : ['--pool', 'threads', '--concurrency', '50'];
  return {
    directory: here('celery'),
    enqueue: [python, 'enqueue.py'],
    work: [python, '-m', 'celery', '--quiet', '--app', 'app', 'worker', '--loglevel', 'ERROR', ...threads],
    ...(pool === 'processes' ? { fewAtATime: true } : {}),
  };
}

/** Installs BullMQ, nodemailer with it; its worker has 50 jobs at a time. */
export async function bullmq(): Promise<Programs> {
  const files = ['package.json', 'package-lock.json'].map((file) => here('bullmq', file));
  const fromClients = files.map((file) => relative(here('..', '..', 'clients'), file));
  const directory = await cached('bullmq', fromClients, async (unfinished) => {
    await tool('cp', [...files, unfinished]);
    // Not `npm ci`: a registry may lack packages of other platforms, which the lock file then lacks, too.
    await tool('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], unfinished);
  });
  return {
    directory: here('bullmq'),
    environment: { PACKAGES: directory, NODE_ENV: 'production' },
    enqueue: [process.execPath, 'enqueue.cjs'],
    work: [process.execPath, 'worker.cjs'],
  };
}
