/**
 * `npm run test:fuzz`: schemathesis makes requests from our OpenAPI document, valid ones and broken ones, sends them to the
 * local cloud on each backend, and checks that every answer is one that the document has. Needs python3. One backend alone:
 * `npm run test:fuzz -- redis`.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import { pythonWith } from '../helpers/python-packages.ts';
import { fuzz, type Report } from './schemathesis.ts';

/** Fewer mean that schemathesis found less to vary than was promised. */
const LEAST_CASES = 5_000;

const requirements = join(import.meta.dirname, 'requirements.txt');
const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
const python = await pythonWith(`fuzz-${version}`, ['--requirement', requirements]);
const root = mkdtempSync(join(tmpdir(), 'sendoff-fuzz-'));

async function run(backend: string): Promise<boolean> {
  const startedAtMs = Date.now();
  const faults: string[] = [];
  let serverErrors = 0;
  const { cloud, apiKey } = await startLocalSendoff({
    port: 0,
    config: { backend },
    log: (event) => {
      if (event.kind === 'request' && event.status >= 500) serverErrors++;
      if (event.kind === 'output' && /"level":"error"/.test(event.line)) faults.push(event.line);
    },
  });
  try {
    const directory = join(root, backend);
    mkdirSync(directory);
    const file = join(directory, `${backend}.json`);
    writeFileSync(file, await (await fetch(`${cloud.apiUrl}/openapi.json`)).text());
    const report = { ...(await fuzz({ python, file, url: cloud.apiUrl, apiKey, directory })), serverErrors };
    const passed = report.complete && report.cases >= LEAST_CASES && report.violations + serverErrors === 0;
    if (!passed) console.info(report.output);
    if (serverErrors > 0) for (const line of new Set(faults)) console.info(line.slice(0, 500));
    console.info(summary(backend, report, Date.now() - startedAtMs));
    return passed;
  } finally {
    await cloud.close();
  }
}

async function runIfPossible(backend: string): Promise<boolean> {
  if (backend !== 'redis' || findRedisServer()) return await run(backend);
  console.info('backend=redis is left out: there is no redis-server');
  return true;
}

function summary(
  backend: string,
  { cases, serverErrors, violations, complete }: Report & { serverErrors: number },
  ms: number,
): string {
  const end = complete ? '' : ', not complete';
  const counts = `${cases} cases, ${serverErrors} × 5xx, ${violations} violations`;
  return `schemathesis backend=${backend}: ${counts}${end} (${(ms / 1000).toFixed(0)} s)`;
}

const wanted = process.argv.slice(2);
const backends = ['aws', 'redis'].filter((backend) => wanted.length === 0 || wanted.includes(backend));
let failed = backends.length === 0;
try {
  // At the same time: schemathesis keeps one core busy for each.
  const outcomes = await Promise.allSettled(backends.map(runIfPossible));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') console.error(outcome.reason);
    if (outcome.status === 'rejected' || !outcome.value) failed = true;
  }
} finally {
  rmSync(root, { recursive: true });
}
process.exitCode = failed ? 1 : 0;
