/**
 * npm run bench: one table, measured in one run, as ratios. Absolute numbers are of this machine and this moment;
 * the comparisons are with the same email, the same emulators and the same process at the same time.
 */
import { join } from 'node:path';
import { type LocalSendoff, startLocalSendoff } from '../../lib/local/sendoff.ts';
import { startSynchronousSender } from '../../lib/local/synchronous-sender.ts';
import { synthesize } from '../../lib/synth.ts';
import { bundleSizes, coldImportMs, emptyModule } from './imports.ts';
import { dollarsPerMillion } from './prices.ts';
import { typicalEmail } from './typical-email.ts';

const MAIL_SERVER_MS = 100;
const ACCEPTS = Number(process.env.BENCH_ACCEPTS ?? 300);
const DRAINED = Number(process.env.BENCH_EMAILS ?? 2_000);
/** For the Lambda bill only: what one round trip to DynamoDB, SQS or SES takes on AWS, in ms; local waits are not AWS's. */
const AWS_ROUND_TRIP_MS = { dynamo: 5, accept: 10, ses: MAIL_SERVER_MS };
const MEMORY_GB = 0.5;

const rows: [string, string][] = [];
const row = (name: string, value: string) => rows.push([name, value]);
const percentile = (values: readonly number[], share: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

const sendoff = await startLocalSendoff({ ses: { latencyMs: MAIL_SERVER_MS } });
try {
  await measureAccept(sendoff);
  await measureDrain(sendoff, 0);
  await measureDrain(sendoff, MAIL_SERVER_MS);
  await measureCost(sendoff);
} finally {
  await sendoff.cloud.close();
}
measureBundles();
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(width)}  ${value}\n`);

async function post({ cloud, apiKey }: LocalSendoff, path: string, body: unknown): Promise<void> {
  const response = await fetch(cloud.apiUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

async function times(count: number, call: (index: number) => Promise<void>): Promise<number[]> {
  const measured: number[] = [];
  for (let index = 0; index < count; index++) {
    const startedAtMs = performance.now();
    await call(index);
    measured.push(performance.now() - startedAtMs);
  }
  return measured;
}

async function measureAccept(local: LocalSendoff): Promise<void> {
  const sender = await startSynchronousSender(local.cloud);
  const synchronously = (index: number) =>
    fetch(sender.url, { method: 'POST', body: JSON.stringify(typicalEmail(index)) }).then(
      async (response) => void (await response.arrayBuffer()),
    );
  const accept = (index: number) => post(local, '/emails', typicalEmail(index));
  await times(20, accept);
  await times(3, synchronously);
  const [accepted, synchronous] = [await times(ACCEPTS, accept), await times(Math.min(50, ACCEPTS), synchronously)];
  await sender.close();
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const [mine, theirs] = [percentile(accepted, share), percentile(synchronous, share)];
    row(
      `accept ${name}, one client`,
      `${mine.toFixed(1)} ms: ${(theirs / mine).toFixed(1)} × as fast as sending in the request (${theirs.toFixed(0)} ms)`,
    );
  }
  await local.cloud.idle();
}

/** Fills the queue while the workers wait, then lets them go. */
async function measureDrain(local: LocalSendoff, mailServerMs: number): Promise<void> {
  const { cloud } = local;
  cloud.ses.set({ latencyMs: mailServerMs });
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hold = cloud.faults.add({
    service: 'sqs',
    action: 'ReceiveMessage',
    when: 'before',
    effect: { kind: 'hold', until },
  });
  const before = cloud.ses.sentCount;
  for (let start = 0; start < DRAINED; start += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => post(local, '/emails', typicalEmail(start + index))));
  }
  const cpu = process.cpuUsage();
  const functionsBefore = functionsCpuMs(local);
  const startedAtMs = performance.now();
  hold.remove();
  release();
  await cloud.ses.waitForMessages(before + DRAINED);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await cloud.idle();
  const functions = functionsCpuMs(local) - functionsBefore;
  const emulators = (user + system) / 1000;
  row(
    `drained, mail server ${mailServerMs} ms`,
    `${(DRAINED / seconds).toFixed(0)} emails/s; of the CPU the emulators took ${((100 * emulators) / (emulators + functions)).toFixed(0)} %`,
  );
}

async function measureCost(local: LocalSendoff): Promise<void> {
  const { cloud } = local;
  cloud.ses.set({ latencyMs: 0 });
  cloud.calls.countUnits = true;
  cloud.calls.reset();
  const cpuBefore = cpuByFunction(local);
  const invocationsBefore = invocations(local);
  const before = cloud.ses.sentCount;
  for (let start = 0; start < DRAINED; start += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => post(local, '/emails', typicalEmail(start + index))));
  }
  await cloud.ses.waitForMessages(before + DRAINED);
  await cloud.idle();
  const each = (total: number) => total / DRAINED;
  const calls = cloud.calls.snapshot();
  const sum = (field: 'count' | 'readUnits' | 'writeUnits', service: string) =>
    each(calls.filter((call) => call.service === service).reduce((total, call) => total + call[field], 0));
  const cpuAfter = cpuByFunction(local);
  const cpu = { api: each(cpuAfter.api - cpuBefore.api), send: each(cpuAfter.send - cpuBefore.send) };
  const sendInvocations = each(invocations(local) - invocationsBefore) - 1;
  const billedMs =
    cpu.api +
    AWS_ROUND_TRIP_MS.accept +
    cpu.send +
    sendInvocations * (2 * AWS_ROUND_TRIP_MS.dynamo + AWS_ROUND_TRIP_MS.ses);
  const perEmail = {
    httpRequests: 1,
    sqsCalls: sum('count', 'sqs'),
    writeUnits: sum('writeUnits', 'dynamodb'),
    readUnits: sum('readUnits', 'dynamodb'),
    invocations: 1 + sendInvocations,
    gbSeconds: (billedMs / 1000) * MEMORY_GB,
  };
  row(
    'AWS calls per email',
    calls
      .filter(({ count }) => each(count) >= 0.005)
      .map((call) => `${call.action} ${each(call.count).toFixed(2)}`)
      .join(', '),
  );
  row('DynamoDB units per email', `${perEmail.writeUnits.toFixed(2)} write, ${perEmail.readUnits.toFixed(2)} read`);
  row(
    'CPU in functions per email',
    `${(cpu.api + cpu.send).toFixed(2)} ms: accept ${cpu.api.toFixed(2)}, send ${cpu.send.toFixed(2)}`,
  );
  row('dollars per million above SES', `$${dollarsPerMillion(perEmail).toFixed(2)}`);
}

function measureBundles(): void {
  const floor = coldImportMs(emptyModule(), {});
  const { template, assemblyDirectory } = synthesize();
  for (const [logicalId, { Type, Properties = {} }] of Object.entries(template.Resources)) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const { S3Key } = Properties.Code as { S3Key: string };
    const directory = join(assemblyDirectory, `asset.${S3Key.replace('.zip', '')}`);
    const names = Object.keys((Properties.Environment as { Variables: Record<string, string> }).Variables);
    const environment = Object.fromEntries(names.map((name) => [name, name === 'NODE_OPTIONS' ? '' : '1']));
    const importMs = coldImportMs(join(directory, 'index.mjs'), { ...environment, AWS_REGION: 'us-east-1' });
    const { eagerKiB, totalKiB } = bundleSizes(directory);
    const name = logicalId
      .replace(/^Sendoff/, '')
      .replace(/Function.*$/, '')
      .toLowerCase();
    row(
      `bundle ${name}`,
      `${eagerKiB.toFixed(0)} KiB at a cold start (${totalKiB.toFixed(0)} with what is loaded later); imports in ${(importMs / floor).toFixed(0)} × an empty module (${importMs.toFixed(0)} ms)`,
    );
  }
}

function cpuByFunction({ cloud }: LocalSendoff): { api: number; send: number } {
  return { api: cloud.function('ApiFunction').cpuMs(), send: cloud.function('SendFunction').cpuMs() };
}

function functionsCpuMs(local: LocalSendoff): number {
  const { api, send } = cpuByFunction(local);
  return api + send;
}

function invocations({ cloud }: LocalSendoff): number {
  return cloud.function('ApiFunction').stats().invocations + cloud.function('SendFunction').stats().invocations;
}
