import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatEvent, type LocalEvent } from '../../lib/local/cloud/log.ts';
import type { SesMessage } from '../../lib/local/cloud/ses/message.ts';
import { type LocalSendoff, startLocalSendoff } from '../../lib/local/start.ts';
import { typicalEmail } from './typical-email.ts';

/** Requests at once. */
const CLIENTS = 8;
/** The schedule queues what is due in 14 minutes; what is accepted later is queued at once. */
const HANDOVER_MS = 14 * 60_000;
/** No email leaves for so long: something is wrong. */
const PATIENCE_MS = 3 * 60_000;

const write = (line: string) => void process.stdout.write(`${line}\n`);
const minutes = (ms: number) => `${(ms / 60_000).toFixed(1)} min`;

/**
 * `npm run bench -- scheduled [EMAILS] [aws|redis] [MINUTES]`: accepts emails that are due at one moment, for at most so many minutes, and
 * counts when each is sent. Takes 14 minutes more. Rejects if one was not sent, or twice, or early.
 */
export async function benchScheduled([most = '20000', backend = 'aws', accepting = '6']: readonly string[]) {
  const sentAtMs = new Map<string, number[]>();
  const onSent = ({ envelope }: SesMessage) => {
    for (const address of envelope.to) sentAtMs.set(address, [...(sentAtMs.get(address) ?? []), Date.now()]);
  };
  const log = (event: LocalEvent) => {
    if (event.kind === 'invocation-failed') write(formatEvent(event));
  };
  const local = await startLocalSendoff({
    config: { backend },
    ses: { latencyMs: 100, maxMessages: 100, onSent },
    log,
  });
  try {
    const startMs = Date.now();
    const dueMs = startMs + Number(accepting) * 60_000 + HANDOVER_MS;
    const accepted = await acceptUntil(dueMs - HANDOVER_MS, Number(most), local, new Date(dueMs).toISOString());
    const inMs = Date.now() - startMs;
    write(`${accepted} accepted in ${minutes(inMs)}, ${minutes(dueMs - Date.now())} before they are due`);
    await sleep(Math.max(0, dueMs - Date.now()));
    for (let [sent, changedMs] = [0, Date.now()]; sent < accepted && Date.now() - changedMs < PATIENCE_MS; ) {
      await sleep(1_000);
      if (sentAtMs.size > sent) [sent, changedMs] = [sentAtMs.size, Date.now()];
    }
    report(accepted, dueMs, [...sentAtMs.values()], local);
  } finally {
    await local.cloud.close();
  }
}

async function acceptUntil(untilMs: number, most: number, local: LocalSendoff, scheduled_at: string): Promise<number> {
  let accepted = 0;
  let next = 0;
  const client = async () => {
    while (next < most && Date.now() < untilMs) {
      await accept({ ...typicalEmail(next++), scheduled_at }, local);
      accepted++;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return accepted;
}

/** With an idempotency key, so that it can be repeated when the machine is too slow for a time limit: as the SDKs do it. */
async function accept(email: object, { cloud, apiKey }: LocalSendoff): Promise<void> {
  const headers = {
    authorization: `Bearer ${apiKey}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  };
  for (;;) {
    const request = { method: 'POST', headers, body: JSON.stringify(email) };
    const response = await fetch(`${cloud.apiUrl}/emails`, request);
    const answer = await response.text();
    if (response.ok) return;
    if (response.status < 500 && response.status !== 409) throw new Error(`${response.status}: ${answer}`);
    await sleep(500);
  }
}

function report(accepted: number, dueMs: number, times: readonly (readonly number[])[], { cloud }: LocalSendoff): void {
  const all = times.flat().toSorted((a, b) => a - b);
  const [first = 0, last = 0] = [all[0], all.at(-1)];
  const twice = times.filter(({ length }) => length > 1).length;
  const early = all.filter((atMs) => atMs < dueMs - 2_000).length;
  const rate = all.length / ((last - first) / 1_000);
  write(`sent ${times.length} of ${accepted}, twice ${twice}, early ${early}`);
  write(`first ${((first - dueMs) / 1_000).toFixed(1)} s after the time, last ${minutes(last - dueMs)} after it`);
  write(`${rate.toFixed(0)} a second`);
  for (const one of cloud.functions.values()) {
    const { invocations, errors, maxMemoryMiB } = one.stats();
    const memory = `${maxMemoryMiB.toFixed(0)} MiB`;
    if (invocations > 0) write(`${one.logicalId}: ${invocations} invocations, ${errors} errors, at most ${memory}`);
  }
  if (times.length !== accepted || twice + early > 0) throw new Error('not each email was sent once, at its time');
}
