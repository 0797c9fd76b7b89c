/**
 * `npm run pacing [-- rates|quotas]`: how exactly the pacer keeps the rate of SES, measured with the real adapters on the local
 * cloud, and what quotas and pauses cost, in simulated time. Takes about a quarter of an hour.
 */
import { type Cell, measure } from './measurement.ts';
import { quotaScenarios } from './quota-scenarios.ts';
import { simulateQuota } from './quota-simulation.ts';

const seconds = Number(process.env.PACING_SECONDS ?? 25);
const rates = [14, 200];
const senders = [1, 2, 10, 50];

const what = process.argv[2];
if (what !== 'quotas') await printRates();
if (what !== 'rates') await printQuotas();

async function printRates(): Promise<void> {
  const cells: Cell[] = [
    ...rates.flatMap((ratePerSecond) =>
      senders.map((count): Cell => ({ backend: 'aws', senders: count, ratePerSecond, seconds })),
    ),
    { backend: 'aws', senders: 10, ratePerSecond: 14, seconds: seconds * 8 },
    { backend: 'redis', senders: 10, ratePerSecond: 14, seconds },
    { backend: 'redis', senders: 10, ratePerSecond: 200, seconds },
  ];
  line(
    'backend',
    'SES a second',
    'senders',
    'seconds',
    'of the rate',
    'throttled',
    'transactional p50 · p95 · p99',
    'writes/s',
  );
  for (const cell of cells) {
    const { share, throttled, waitMs, tableWritesPerSecond } = await measure(cell);
    const waits = [waitMs.p50, waitMs.p95, waitMs.p99].map((ms) => `${(ms / 1_000).toFixed(2)} s`).join(' · ');
    const writes = cell.backend === 'aws' ? tableWritesPerSecond.toFixed(0) : '';
    const percent = `${(100 * share).toFixed(1)} %`;
    line(cell.backend, cell.ratePerSecond, cell.senders, cell.seconds, percent, throttled, waits, writes);
  }
}

/** The share of the emails that are simulated; all of them take about five minutes of CPU. */
async function printQuotas(): Promise<void> {
  const part = Number(process.env.PACING_PART ?? 1);
  line(
    '',
    'emails',
    'sent',
    'failed',
    'hours',
    'SES calls',
    'refused',
    'SQS',
    'writes',
    'invocations',
    'GB-s',
    '$ per million',
  );
  for (const [name, scenario] of Object.entries(quotaScenarios(part))) {
    const { sent, failed, deadLetters, hours, sesCalls, refused, ...costs } = await simulateQuota(scenario);
    const { sqsRequests, tableWrites, invocations, gbSeconds, dollars } = costs;
    const perMillion = ((dollars / scenario.emails) * 1_000_000).toFixed(2);
    const counts = [sesCalls, refused, sqsRequests, tableWrites, invocations, Math.round(gbSeconds)];
    line(name, scenario.emails, sent, failed + deadLetters, hours.toFixed(1), ...counts, perMillion);
  }
}

function line(...columns: (string | number)[]): void {
  process.stdout.write(`| ${columns.join(' | ')} |\n`);
}
