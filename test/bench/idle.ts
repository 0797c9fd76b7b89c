import type { Template } from '../../lib/local/cloud/template.ts';
import { bill, nothingStored, prices, SECONDS_A_MONTH, total } from './prices.ts';
import { type Measured, startCounting } from './use.ts';

/** AWS polls each queue with so many long polls while it is empty, each of which waits so long. */
const POLLS = 5;
const POLL_SECONDS = 20;
const IDLE_WAIT_MS = 30;
const MINUTES_A_MONTH = SECONDS_A_MONTH / 60;

/** What a deployment costs in a month in which it sends nothing, in dollars by item. */
export async function idleCost(measured: Measured): Promise<[string, number][]> {
  const { template, local } = measured;
  const polls = (ofType(template, 'AWS::Lambda::EventSourceMapping').length * POLLS * SECONDS_A_MONTH) / POLL_SECONDS;
  const dashboards = ofType(template, 'AWS::CloudWatch::Dashboard').length;
  const everyMinute = local.redis ? /Watchdog/ : /Schedule/;
  return [
    ['polls of the queues', (polls / 1e6) * prices.sqsPerMillion],
    ['the run of each minute', ((await oneRun(measured, everyMinute)) / 1e6) * MINUTES_A_MONTH],
    [
      'alarms',
      ofType(template, 'AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + metricsOf(alarm), 0) *
        prices.alarmMetricPerMonth,
    ],
    ['dashboard', dashboards * prices.dashboardPerMonth],
    ['KMS key', ofType(template, 'AWS::KMS::Key').length * prices.keyPerMonth],
  ];
}

/** Dollars for a million runs. */
async function oneRun(measured: Measured, which: RegExp): Promise<number> {
  const [name = ''] = [...measured.local.cloud.functions.keys()].filter((id) => which.test(id));
  const count = startCounting(measured);
  await measured.local.cloud.function(name).invoke({});
  const use = count(which);
  // With nothing to do it only reads.
  const functions = use.functions.map((one) => ({ ...one, waitMs: IDLE_WAIT_MS }));
  return total(bill({ ...use, functions }, 1, nothingStored));
}

function ofType({ Resources }: Template, type: string) {
  return Object.values(Resources).filter(({ Type }) => Type === type);
}

/** The metrics that an alarm reads. */
function metricsOf({ Properties = {} }: { Properties?: Readonly<Record<string, unknown>> | undefined }): number {
  const { Metrics } = Properties as { Metrics?: readonly { MetricStat?: unknown }[] };
  return Metrics ? Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length : 1;
}
