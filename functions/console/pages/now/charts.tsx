import { Chart, type Series } from '../../parts/index.ts';
import { duration } from '../../parts/values/formats.ts';
import type { Metrics } from './answers.ts';
import type { Range } from './range.ts';

type Period = Metrics['data'][number];
type Value = Exclude<keyof Period, 'period'>;
type Line = readonly [value: Value, name: string, tone: Series['tone'], dashed?: boolean];

const COUNTS: readonly Line[] = [
  ['accepted', 'accepted', 'calm', true],
  ['sent', 'sent', 'busy'],
  ['delivered', 'delivered', 'good'],
  ['failed', 'failed', 'bad'],
];
const TO_SENT: readonly Line[] = [
  ['send_time_p50', 'half within (p50)', 'busy'],
  ['send_time_p95', '95 % within (p95)', 'warn', true],
];
const TO_ANSWER: readonly Line[] = [
  ['answer_time_p50', 'half within (p50)', 'busy'],
  ['answer_time_p95', '95 % within (p95)', 'warn', true],
];

/** The numbers of the range over time. */
export function EmailCharts({ metrics, range }: { metrics: Metrics | undefined; range: Range }) {
  const times = metrics?.data.map(({ period }) => period);
  const series = (lines: readonly Line[]) =>
    lines.map(([value, name, tone, dashed = false]) => ({
      name,
      tone,
      dashed,
      values: metrics?.data.map((period) => period[value] ?? null) ?? [],
    }));
  const spans = { times, unfinished: true, format: duration, formatAxis: duration };
  return (
    <>
      <Chart title="Emails" unit={`per ${range.period}`} times={times} unfinished series={series(COUNTS)} />
      <div class="charts">
        <Chart title="Time to answer" unit="of API requests" {...spans} series={series(TO_ANSWER)} />
        <Chart title="Time to sent" unit="of transactional emails" {...spans} series={series(TO_SENT)} />
      </div>
    </>
  );
}
