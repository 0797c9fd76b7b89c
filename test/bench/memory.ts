import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpuShare } from '../../lib/lambda-cpu.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import { acceptLoad } from './load.ts';
import { prices } from './prices.ts';
import { MAIL_SERVER_MS } from './speed.ts';
import { holdWorkers } from './workers.ts';

const SIZES_MB = [128, 256, 384, 512, 1_024, 1_769, 3_008];
/** Enough that each function has compiled its code. */
const WARM_UP = Number(process.env.BENCH_ACCEPTS ?? 500);
const MEASURED = Number(process.env.BENCH_EMAILS ?? 200);

/** What an invocation takes whatever the memory. */
interface Work {
  readonly name: string;
  /** CPU of a warm invocation, in ms. */
  readonly cpuMs: number;
  /** Its waits for services on AWS, in ms. */
  readonly waitMs: number;
  /** CPU of the import and of the first invocation, in ms. */
  readonly coldCpuMs: number;
  /** Invocations for one email. */
  readonly perEmail: number;
}

/** Prints for each function and each size of memory the time on the clock and the price, from the CPU that is measured here. */
export async function printMemoryTable(): Promise<void> {
  const works = await measure();
  for (const { name, cpuMs, waitMs, coldCpuMs, perEmail } of works) {
    process.stdout.write(
      `\n${name}: ${cpuMs.toFixed(1)} ms of CPU, ${waitMs} ms of waits; cold ${coldCpuMs.toFixed(0)} ms of CPU\n`,
    );
    for (const memoryMb of SIZES_MB) {
      const { clockMs, coldMs, dollars } = at(memoryMb, { name, cpuMs, waitMs, coldCpuMs, perEmail });
      process.stdout.write(
        `| ${memoryMb.toLocaleString('en')} | ${clockMs.toFixed(1)} ms | ${coldMs.toFixed(0)} ms | $${dollars.toFixed(2)} |\n`,
      );
    }
  }
}

/**
 * The CPU takes longer by the share of a core; a function with more than one core is no faster, as it runs JavaScript in one thread. The
 * waits stay the same. Lambda starts functions with more CPU than their share, so cold starts are upper bounds.
 */
function at(memoryMb: number, { cpuMs, waitMs, coldCpuMs, perEmail }: Work) {
  const share = cpuShare(memoryMb);
  const clockMs = cpuMs / share + waitMs;
  const gbSeconds = (memoryMb / 1024) * (clockMs / 1000) * 1_000_000 * perEmail;
  return {
    clockMs,
    coldMs: coldCpuMs / share + waitMs,
    dollars: gbSeconds * prices.lambdaPerGbSecond + perEmail * prices.lambdaRequestsPerMillion,
  };
}

async function measure(): Promise<Work[]> {
  const local = await startLocalSendoff();
  const receiver = createServer((request, response) => request.resume().on('end', () => response.end()));
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  try {
    await addWebhook(local, `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`);
    const { cloud } = local;
    const [api, send, feedback, schedule, webhook] = ['Api', 'Send', 'Feedback', 'Schedule', 'Webhook'].map((name) =>
      cloud.function(`${name}Function`),
    ) as [Fn, Fn, Fn, Fn, Fn];
    const accept = acceptLoad(local);
    await cloud.idle();
    const cold = new Map<Fn, number>();
    await accept.run(1, 1);
    await schedule.invoke({});
    await cloud.idle();
    for (const one of [api, send, feedback, schedule, webhook])
      cold.set(one, one.cpuMs() / Math.max(1, one.stats().instances));
    await accept.run(WARM_UP, 1);
    await cloud.idle();
    const release = await holdWorkers(local);
    const accepts = await counted(api, () => accept.run(MEASURED, 1));
    let events: Count = { cpuMs: 0, invocations: 0 };
    let posts: Count = { cpuMs: 0, invocations: 0 };
    const sends = await counted(send, async () => {
      events = await counted(feedback, async () => {
        posts = await counted(webhook, async () => {
          await release();
          await cloud.idle();
        });
      });
    });
    for (let index = 0; index < 50; index++) await schedule.invoke({});
    const runs = await counted(schedule, async () => {
      for (let index = 0; index < 50; index++) await schedule.invoke({});
    });
    accept.close();
    const work = (name: string, fn: Fn, { cpuMs, invocations }: Count, waitMs: number): Work => ({
      name: `${name}, ${(MEASURED / invocations).toFixed(1)} emails an invocation`,
      cpuMs: cpuMs / invocations,
      waitMs,
      coldCpuMs: cold.get(fn) ?? 0,
      perEmail: invocations / MEASURED,
    });
    return [
      work('accept', api, accepts, 10),
      work('send', send, sends, MAIL_SERVER_MS + 30),
      work('feedback', feedback, events, 30),
      work('webhook', webhook, posts, 150),
      { ...work('schedule, nothing due', schedule, runs, 20), perEmail: 1 },
    ];
  } finally {
    receiver.closeAllConnections();
    receiver.close();
    await local.cloud.close();
  }
}

type Fn = ReturnType<LocalSendoff['cloud']['function']>;

interface Count {
  readonly cpuMs: number;
  readonly invocations: number;
}

/** The CPU and the invocations of a function while something runs. */
async function counted(fn: Fn, run: () => Promise<unknown>): Promise<Count> {
  const before = { cpuMs: fn.cpuMs(), invocations: fn.stats().invocations };
  await run();
  return { cpuMs: fn.cpuMs() - before.cpuMs, invocations: fn.stats().invocations - before.invocations };
}

async function addWebhook({ cloud, apiKey }: LocalSendoff, endpoint: string): Promise<void> {
  const response = await fetch(`${cloud.apiUrl}/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ endpoint, events: ['email.sent', 'email.delivered'] }),
  });
  if (!response.ok) throw new Error(await response.text());
}
