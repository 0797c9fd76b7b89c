import './now.css';
import { useComputed } from '@preact/signals';
import { usePoll } from '../../api/poll.ts';
import { Answer, Chips, ErrorNotice, Notice, nowMs, Page } from '../../parts/index.ts';
import { type Route, setQuery } from '../../router.ts';
import { isBusy, type Metrics, type Status } from './answers.ts';
import { EmailCharts } from './charts.tsx';
import { Outcomes, Sending } from './figures.tsx';
import { Findings } from './findings.tsx';
import { Queues } from './queues.tsx';
import { metricsPath, RANGES, rangeOf } from './range.ts';

const METRICS_EVERY_MS = 60_000;

/** Page Now: what is wrong, what SES and the queues do, and the numbers over time. */
export function Now({ query }: Route) {
  const range = rangeOf(query.range);
  const status = usePoll<Status>('/status', { while: ({ queues }) => queues.some(isBusy) });
  const path = useComputed(() => metricsPath(rangeOf(query.range), nowMs.value));
  const metrics = usePoll<Metrics>(path.value, { everyMs: METRICS_EVERY_MS, keep: true });
  const choose = ([id]: readonly string[]) =>
    setQuery({ range: id === RANGES[0].id ? undefined : id }, { replace: true });
  // While another range is loaded, the numbers of the range before are not shown under its name.
  const shown = metrics.data.value?.granularity === range.granularity ? metrics.data.value : undefined;
  return (
    <Page
      title="Now"
      actions={
        <Chips
          label="Time range"
          chips={RANGES.map(({ id, text }) => ({ value: id, text }))}
          selected={[range.id]}
          onChange={(selected) => selected.length > 0 && choose(selected)}
        />
      }
    >
      <Answer poll={status} lines={24}>
        {(known) => (
          <>
            <Findings status={known} />
            <Sending status={known} />
          </>
        )}
      </Answer>
      {/* Below the findings, whose height is known then. */}
      {(status.data.value || status.error.value) && (
        <>
          <Outcomes metrics={shown} range={range} />
          {metrics.error.value && <ErrorNotice error={metrics.error.value} retry={metrics.refresh} />}
          {shown?.note && <Notice tone="warn">{shown.note}</Notice>}
          <EmailCharts metrics={shown} range={range} />
        </>
      )}
      {status.data.value && <Queues status={status.data.value} />}
    </Page>
  );
}
