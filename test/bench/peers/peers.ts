/**
 * `npm run bench -- peers`: Celery with Django, BullMQ and both backends of Sendoff in one run, with the same mail server's latency and
 * the same redis-server. `PEERS_JOBS` (1,000) is how many jobs are enqueued for a drain, `PEERS=celery,aws` and
 * `PEERS_WORKS=empty` choose.
 */
import { availableParallelism, cpus } from 'node:os';
import { type SmtpServer, startSmtpServer } from '../../helpers/smtp-server.ts';
import { MAIL_SERVER_MS } from '../speed.ts';
import type { Contender, Enqueued, Work } from './contender.ts';
import { bullmq, celery } from './programs.ts';
import { type Programs, startQueueOnRedis } from './queue-on-redis.ts';
import { startSendoff } from './sendoff.ts';

const JOBS = Number(process.env.PEERS_JOBS ?? 1_000);
const CHOSEN = process.env.PEERS?.split(',');
const WORKS = process.env.PEERS_WORKS?.split(',');
const isMeasured = (work: Work) => !WORKS || WORKS.includes(work);
const CLIENTS = 16;
const JOBS_OF_FEW_AT_A_TIME = 100;
/** With one client at a time. */
const ALONE_SHARE = 0.2;

/** A row's name and, after it, a cell for each contender. */
type Cells = ReadonlyMap<string, string>;

/** Measures all of them, one after the other, and prints one table in Markdown. */
export async function benchPeers(): Promise<void> {
  const mailServer = await startSmtpServer(MAIL_SERVER_MS);
  const columns = new Map<string, Cells>();
  try {
    for (const [name, start] of contenders(mailServer)) {
      process.stderr.write(`${name} …\n`);
      try {
        const cells = await measure(await start());
        columns.set(name, cells);
        for (const [row, cell] of cells) process.stderr.write(`  ${row}: ${cell}\n`);
      } catch (error) {
        // The others are worth their time.
        process.stderr.write(`${name} is left out: ${error instanceof Error ? error.message : error}\n`);
      }
    }
  } finally {
    await mailServer.close();
  }
  print(columns);
}

type Start = () => Promise<Contender>;

function contenders(mailServer: SmtpServer): readonly (readonly [string, Start])[] {
  const queue = async (programs: Promise<Programs>) => startQueueOnRedis(await programs, mailServer);
  const all: Readonly<Record<string, readonly [string, Start]>> = {
    celery: ['Celery, a process per core', () => queue(celery('processes'))],
    threads: ['Celery, 50 threads', () => queue(celery('threads'))],
    bullmq: ['BullMQ, 50 jobs', () => queue(bullmq())],
    aws: ['Sendoff, aws', () => startSendoff('aws', MAIL_SERVER_MS, isMeasured)],
    redis: ['Sendoff, redis', () => startSendoff('redis', MAIL_SERVER_MS, isMeasured)],
  };
  return Object.entries(all).flatMap(([name, one]) => (!CHOSEN || CHOSEN.includes(name) ? [one] : []));
}

async function measure(contender: Contender): Promise<Cells> {
  const cells = new Map<string, string>();
  try {
    for (const work of contender.works.filter(isMeasured))
      for (const [name, cell] of await measureWork(contender, work)) cells.set(name, cell);
    return cells;
  } finally {
    await contender.close();
  }
}

const names: Readonly<Record<Work, string>> = {
  email: 'email',
  empty: 'empty task',
  unkept: 'empty task, keep: false',
  sleep: 'task of 100 ms',
};

async function measureWork(contender: Contender, work: Work): Promise<[string, string][]> {
  const few = contender.fewAtATime && work !== 'empty';
  const one =
    contender.fewAtATime || work === 'sleep'
      ? undefined
      : await contender.enqueue(work, Math.round(JOBS * ALONE_SHARE), 1);
  const many = await contender.enqueue(work, few ? JOBS_OF_FEW_AT_A_TIME : JOBS, CLIENTS);
  const drained = await contender.drain(work);
  const name = names[work];
  return [
    ...(one ? enqueueRows(name, one, many) : []),
    [`${name}: done a second`, Number.isNaN(drained.perSecond) ? NOT_MEASURED : drained.perSecond.toFixed(0)],
    [`${name}: CPU of a job`, ms(drained.cpuMs)],
    ...(drained.brokerCpuMs === undefined
      ? []
      : [[`${name}: CPU of redis-server`, ms(drained.brokerCpuMs)] as [string, string]]),
  ];
}

const enqueueRows = (name: string, one: Enqueued, many: Enqueued): [string, string][] => [
  [`${name}: enqueue p50, 1 client`, ms(one.p50Ms)],
  [`${name}: enqueue p50, ${CLIENTS} clients`, ms(many.p50Ms)],
  [`${name}: enqueued a second, ${CLIENTS} clients`, many.perSecond.toFixed(0)],
  [`${name}: CPU of an enqueue`, ms(many.cpuMs)],
];

const NOT_MEASURED = 'not measured: jobs ran while they were enqueued';
const ms = (value: number) => (Number.isNaN(value) ? NOT_MEASURED : `${value.toFixed(2)} ms`);

function print(columns: ReadonlyMap<string, Cells>): void {
  const rows = new Set([...columns.values()].flatMap((cells) => [...cells.keys()]));
  const line = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
  process.stdout.write(
    `${availableParallelism()} cores (${cpus()[0]?.model}), mail server of ${MAIL_SERVER_MS} ms\n\n`,
  );
  line(['', ...columns.keys()]);
  line(['---', ...Array.from(columns, () => '---')]);
  for (const row of rows) line([row, ...Array.from(columns.values(), (cells) => cells.get(row) ?? '')]);
}
