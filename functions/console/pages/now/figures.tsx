import type { ComponentChildren } from 'preact';
import { Count, Duration, Percent, Progress, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import { isDeadLetters, type Metrics, type Status } from './answers.ts';
import type { Range } from './range.ts';

interface FigureProps {
  readonly name: string;
  readonly children: ComponentChildren;
  readonly small?: ComponentChildren;
  /** False while the first answer is awaited. */
  readonly known?: boolean;
}

function Figure({ name, children, small, known = true }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {known ? children : <span class="placeholder" />}
        {known && small && <small> {small}</small>}
      </dd>
    </div>
  );
}

/** The limits of SES, and the jobs that wait. */
export function Sending({ status: { sending, queues } }: { status: Status }) {
  const working = queues.filter(({ name }) => !isDeadLetters(name));
  const ages = working.map(({ oldest_seconds }) => oldest_seconds).filter((age) => age !== null);
  const waiting = working.reduce((sum, queue) => sum + queue.waiting, 0);
  const dead = queues.filter(({ name }) => isDeadLetters(name)).reduce((sum, queue) => sum + queue.waiting, 0);
  return (
    <dl class="figures" aria-label="Sending">
      <Figure
        name="SES"
        small={
          sending.held && (
            <>
              {sending.reason}, <When iso={sending.since} />
            </>
          )
        }
      >
        {sending.held ? <span class="bad">Held</span> : <span class="good">Sending</span>}
      </Figure>
      <Figure name="Rate" small="recipients a second, at most">
        <Count value={sending.rate_per_second} />
      </Figure>
      <Figure name="Quota of 24 hours" small={sending.quota_24h === null && 'recipients; no quota'}>
        <Quota used={sending.used_24h} quota={sending.quota_24h} />
      </Figure>
      <Figure
        name="Waiting"
        small={
          ages.length > 0 ? (
            <>
              oldest <Duration ms={Math.max(...ages) * 1000} />
            </>
          ) : (
            'jobs in queues'
          )
        }
      >
        <Count value={waiting} />
      </Figure>
      <Figure name="Dead letters" small={dead > 0 ? <a href={linkTo('queues')}>look at them</a> : 'none'}>
        <span class={dead > 0 ? 'bad' : undefined}>
          <Count value={dead} />
        </span>
      </Figure>
    </dl>
  );
}

function Quota({ used, quota }: { used: number | null | undefined; quota: number | null | undefined }) {
  if (!quota) return <Count value={used} />;
  return <Progress label="Recipients of the last 24 hours" value={used ?? 0} total={quota} />;
}

/** The outcomes of the emails of the range. */
export function Outcomes({ metrics, range }: { metrics: Metrics | undefined; range: Range }) {
  const { accepted, sent, delivered, failed, bounced, complained } = metrics?.totals ?? {};
  const known = metrics !== undefined;
  const ended = (sent ?? 0) + (failed ?? 0);
  const ofSent = (value: number | undefined) => (
    <>
      <Percent value={value} of={sent ?? 0} /> of sent
    </>
  );
  return (
    <dl class="figures" aria-label={`Emails of the last ${range.text}`}>
      <Figure name="Accepted" known={known} small={`in ${range.text}`}>
        <Count value={accepted} />
      </Figure>
      <Figure name="Sent" known={known} small="to SES">
        <Count value={sent} />
      </Figure>
      <Figure name="Delivered" known={known} small={ofSent(delivered)}>
        <Count value={delivered} />
      </Figure>
      <Figure
        name="Failed"
        known={known}
        small={
          <>
            <Percent value={failed} of={ended} /> of tried
          </>
        }
      >
        <a href={linkTo('emails', { status: 'failed' })}>
          <Count value={failed} />
        </a>
      </Figure>
      <Figure name="Bounced" known={known} small={ofSent(bounced)}>
        <Count value={bounced} />
      </Figure>
      <Figure name="Complained" known={known} small={ofSent(complained)}>
        <Count value={complained} />
      </Figure>
    </dl>
  );
}
