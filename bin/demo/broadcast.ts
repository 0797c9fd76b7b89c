import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { type LocalSendoff, type LocalSendoffOptions, startLocalSendoff } from '../../lib/local/start.ts';
import { type BroadcastState, getBroadcast, pauseBroadcast, resumeBroadcast, sendToAll } from './broadcast-calls.ts';
import { type Census, createCensus } from './census.ts';
import { createKills, type Kills } from './kills.ts';
import { createProgressLine } from './progress-line.ts';
import { whole, write } from './write.ts';

/** The time that a mail server commonly takes to answer. */
const MAIL_SERVER_MS = 100;
/** Up to so many recipients the demo takes about a minute and kills one worker; with more it is as fast as it can, and kills many. */
const SHORT = 5_000;
/** With many recipients, a worker is killed for each so many emails. */
const EMAILS_PER_KILL = 1_000;
const PAUSE_MS = 4_000;
/** Emails that are on their way to SES when a pause begins still go out. */
const PAUSED_AFTER_MS = 3_000;
/** Nothing is sent for so long: something is wrong. */
const PATIENCE_MS = 8 * 60_000;
const POLL_MS = 500;

interface Show {
  readonly local: LocalSendoff;
  readonly census: Census;
  readonly kills: Kills;
  readonly recipients: number;
  readonly id: string;
}

/** Sends one broadcast on the local cloud while workers are killed; answers whether each recipient got exactly one email. */
export async function demonstrateBroadcast(args: readonly string[]): Promise<boolean> {
  const recipients = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 1_000);
  const backend = args.includes('redis') ? 'redis' : 'aws';
  if (backend === 'redis' && !findRedisServer()) throw new Error('backend=redis needs redis-server on the PATH');
  const census = createCensus(recipients);
  write(`Starting the local cloud, backend=${backend} …`);
  const local = await startLocalSendoff(optionsFor(recipients, backend, census));
  const kills = createKills(local);
  try {
    const startedAtMs = Date.now();
    const { id, answeredMs } = await sendToAll(local, recipients);
    write(`\nOne call with ${whole(recipients)} recipients, answered after ${whole(answeredMs)} ms. Sending:\n`);
    const show = { local, census, kills, recipients, id };
    if (recipients > SHORT) kills.killAtRandom(EMAILS_PER_KILL);
    const memory = await watch(show);
    kills.stop();
    const end = await settled(show);
    return report(show, end, { startedAtMs, memory });
  } finally {
    await local.cloud.close();
  }
}

function optionsFor(recipients: number, backend: string, { note }: Census): LocalSendoffOptions {
  const ses = { latencyMs: MAIL_SERVER_MS, maxMessages: 100, onSent: note };
  const config = { backend, maxReceiveCount: '100' };
  if (recipients > SHORT) return { config, ses, overrides: { visibilityTimeoutSeconds: 65 } };
  // On AWS the jobs of a killed worker come back after 6 minutes, and its claims end after one: here in seconds.
  const overrides = backend === 'redis' ? {} : { functionTimeoutSeconds: 10, visibilityTimeoutSeconds: 13 };
  return { config, overrides, ses: { ...ses, sendRatePerSecond: Math.ceil(recipients / 45) } };
}

/** Draws the progress until the broadcast ends, and interferes meanwhile. Answers the memory of the functions early and late. */
async function watch(show: Show): Promise<readonly string[]> {
  const { local, census, kills, recipients, id } = show;
  const line = createProgressLine();
  const memory: string[] = [];
  const killOne = async () => {
    await kills.killNext();
    line.say('SIGKILL: a worker dies right after SES has taken an email, before it can write that down.');
  };
  const measure = async () => void memory.push(memoryOf(local));
  // The pause comes after the jobs of the killed worker are back: a resume queues them again, and those wait for minutes.
  const steps =
    recipients > SHORT
      ? [{ at: 0.1, step: measure }]
      : [
          { at: 0.1, step: measure },
          { at: 0.25, step: killOne },
          { at: 0.75, step: () => pauseAndResume(show, line.say) },
        ];
  let [taken, changedAtMs] = [0, Date.now()];
  for (;;) {
    const state = await getBroadcast(local, id);
    line.draw(state, census, recipients);
    if (state.status !== 'queued' && state.status !== 'paused') break;
    if (census.taken > taken) [taken, changedAtMs] = [census.taken, Date.now()];
    if (Date.now() - changedAtMs > PATIENCE_MS) break;
    while (steps[0] && census.taken >= steps[0].at * recipients) await steps.shift()?.step();
    await pause(POLL_MS);
  }
  line.end();
  return [...memory, memoryOf(local)];
}

async function pauseAndResume({ local, census, id }: Show, say: (text: string) => void): Promise<void> {
  await pauseBroadcast(local, id);
  await pause(PAUSED_AFTER_MS);
  const before = census.taken;
  await pause(PAUSE_MS);
  say(
    `Paused for ${(PAUSED_AFTER_MS + PAUSE_MS) / 1_000} s: in the last ${PAUSE_MS / 1_000} of them SES took ${census.taken - before} emails. Resumed.`,
  );
  await resumeBroadcast(local, id);
}

/** The state when what SES reports has been counted, or has not come for a while. */
async function settled({ local, id, recipients }: Show): Promise<BroadcastState> {
  let state = await getBroadcast(local, id);
  let changedAtMs = Date.now();
  while (state.progress.delivered < recipients && Date.now() - changedAtMs < 30_000) {
    await pause(POLL_MS);
    const next = await getBroadcast(local, id);
    if (next.progress.delivered !== state.progress.delivered) changedAtMs = Date.now();
    state = next;
  }
  return state;
}

function report(
  { census, kills, recipients }: Show,
  { status, progress }: BroadcastState,
  { startedAtMs, memory }: { startedAtMs: number; memory: readonly string[] },
): boolean {
  const { reached, lost, twice, unknown } = census.summary();
  const seconds = (atMs: number) => `${((atMs - startedAtMs) / 1_000).toFixed(1)} s`;
  const rate = (1_000 * census.taken) / (census.lastAtMs - startedAtMs);
  const rows = [
    ['sent', whole(reached), 'recipients whose email SES took'],
    ['twice', whole(twice), 'recipients from whom SES took more than one'],
    ['lost', whole(lost), ''],
    [
      'the broadcast says',
      status,
      `sent ${whole(progress.sent)}, delivered ${whole(progress.delivered)}, failed ${whole(progress.failed)}`,
    ],
    ['workers killed', whole(kills.count), ''],
    [
      'first, last email',
      `${seconds(census.firstAtMs)}, ${seconds(census.lastAtMs)}`,
      `after the call; ${rate.toFixed(0)} emails/s`,
    ],
    ['memory', '', memory.join('; at the end ')],
  ] as const;
  for (const [name, value, note] of rows) write(`  ${name.padEnd(20)}${value.padStart(14)}   ${note}`.trimEnd());
  const exact = lost + twice + unknown === 0 && status === 'sent';
  // A worker that dies between the end of a chunk and its count leaves that to the recount, an hour after the end.
  const ok = exact && (progress.sent === recipients || (kills.count > 1 && progress.sent < recipients));
  if (ok && progress.sent < recipients)
    write(`  (${recipients - progress.sent} are counted when the broadcast is counted again, an hour after its end)`);
  write(ok ? '\nEach recipient got exactly one email.' : '\nWRONG: not every recipient got exactly one email.');
  return ok;
}

/** The most memory of each function so far. */
function memoryOf({ cloud }: LocalSendoff): string {
  const used = [...cloud.functions.values()].flatMap((one) => {
    const { maxMemoryMiB } = one.stats();
    const name = /^Sendoff(.*)Function/.exec(one.logicalId)?.[1] ?? one.logicalId;
    return maxMemoryMiB > 0 ? [`${name.toLowerCase()} ${maxMemoryMiB.toFixed(0)}`] : [];
  });
  return `${used.join(', ')} MiB`;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
