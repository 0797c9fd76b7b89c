import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Count, Duration, nowMs, Percent, Section } from '../../parts/index.ts';
import { count, percent, shortTime } from '../../parts/values/formats.ts';
import { linkTo } from '../../router.ts';
import { type Broadcast, doneOf, sentOf } from './answers.ts';
import { measuredRate, type Sample, withSample } from './rate.ts';

type ProgressOf = Broadcast['progress'];

/** The progress of a broadcast that has begun, and what became of its recipients. */
export function Sending({ broadcast }: { broadcast: Broadcast }) {
  const { id, status, progress } = broadcast;
  return (
    <>
      <Section title="Progress">
        <Bar progress={progress} />
        {status === 'queued' || status === 'paused' ? <Pace broadcast={broadcast} /> : null}
      </Section>
      <Section title="Outcomes">
        <Outcomes id={id} progress={progress} />
      </Section>
    </>
  );
}

/** The shares of the whole. A recipient with a transient bounce may be delivered later, and is in one of them only. */
function Bar({ progress }: { progress: ProgressOf }) {
  const { total, delivered, bounced, failed, suppressed, skipped } = progress;
  const done = doneOf(progress);
  const parts = [
    ['delivered', 'good', delivered],
    ['sent', 'busy', Math.max(0, sentOf(progress) - delivered - bounced)],
    ['bounced or failed', 'bad', Math.min(bounced, sentOf(progress) - delivered) + failed],
    ['not sent', 'warn', suppressed + skipped],
  ] as const;
  let from = 0;
  const rects = parts.map(([name, tone, value]) => {
    const [x, width] = [from, total > 0 ? (value / total) * 100 : 0];
    from += width;
    return <rect key={name} class={tone} x={x} y={0} width={width} height={10} />;
  });
  return (
    <div class="broadcast-bar">
      <p class="number">
        <strong>{count(done)}</strong> of <Count value={total} unit="recipient" />
        {total > 0 && <> ({percent(done / total)})</>}
      </p>
      <svg
        viewBox="0 0 100 10"
        preserveAspectRatio="none"
        role="img"
        aria-label={parts.map(([name, , value]) => `${count(value)} ${name}`).join(', ')}
      >
        {rects}
      </svg>
      <ul class="legend">
        {parts.map(([name, tone, value]) => (
          <li key={name}>
            <span class={`dot ${tone}`} /> {name} <Count value={value} />
          </li>
        ))}
        <li>
          <span class="dot left" /> left <Count value={Math.max(0, total - done)} />
        </li>
      </ul>
    </div>
  );
}

/** The rate as it is measured here, the most it may be, and when it will have ended. */
function Pace({ broadcast: { status, progress } }: { broadcast: Broadcast }) {
  const done = doneOf(progress);
  const samples = useSignal<readonly Sample[]>([]);
  useEffect(() => {
    samples.value = withSample(samples.peek(), { atMs: Date.now(), done });
  }, [done, samples]);
  const now = nowMs.value;
  const rate = status === 'queued' ? measuredRate(samples.value, now) : undefined;
  const left = Math.max(0, progress.total - done);
  const etaSeconds = rate ? left / rate : progress.etaSeconds;
  return (
    <dl class="figures">
      <div>
        <dt>Rate now</dt>
        <dd class="number">{status === 'paused' ? '–' : rate === undefined ? 'measuring…' : `${count(rate)} / s`}</dd>
      </div>
      <div>
        <dt>Rate at most</dt>
        <dd class="number">{status === 'queued' ? `${count(progress.rate)} / s` : '–'}</dd>
      </div>
      <div>
        <dt>Time left</dt>
        <dd>
          <Duration ms={status === 'queued' && etaSeconds !== null ? Math.ceil(etaSeconds) * 1000 : null} />
        </dd>
      </div>
      <div>
        <dt>Ends about</dt>
        <dd class="number">
          {status === 'queued' && etaSeconds !== null ? shortTime(now + etaSeconds * 1000, now) : '–'}
        </dd>
      </div>
    </dl>
  );
}

/** SES reviews an account above these shares of bounces and complaints. https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html */
const REVIEWED_ABOVE: Readonly<Record<string, number>> = { bounced: 0.05, complained: 0.001 };

const OUTCOMES = [
  ['sent', 'SES took the email', true],
  ['delivered', 'the mail server of the recipient took it', true],
  ['opened', 'by a person, where opens are tracked', true],
  ['clicked', 'a link, by a person, where clicks are tracked', true],
  ['unsubscribed', 'with a link of this broadcast', true],
  ['bounced', 'came back', true],
  ['complained', 'marked as spam', true],
  ['suppressed', 'on the suppression list', true],
  ['skipped', 'unsubscribed, without the topic, or deleted', false],
  ['failed', 'could not be sent', false],
] as const;

function Outcomes({ id, progress }: { id: string; progress: ProgressOf }) {
  const rows = OUTCOMES.map(([name, what, isListed]) => {
    const value = name === 'sent' ? sentOf(progress) : progress[name];
    const of = ['suppressed', 'skipped', 'failed'].includes(name) ? progress.total : sentOf(progress);
    return {
      name,
      what,
      isListed,
      value,
      of,
      isHigh: of > 0 && value / of > (REVIEWED_ABOVE[name] ?? Number.POSITIVE_INFINITY),
    };
  });
  return (
    <div class="table">
      <table class="outcomes">
        <thead>
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col" class="numeric">
              Recipients
            </th>
            <th scope="col" class="numeric">
              Share
            </th>
            <th scope="col" class="share">
              <span class="unseen">Bar</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, what, isListed, value, of, isHigh }) => (
            <tr key={name}>
              <th scope="row">
                {isListed && value > 0 ? (
                  <a href={linkTo('broadcasts', id, 'recipients', { type: name })}>{name}</a>
                ) : (
                  name
                )}
                {isHigh ? (
                  <em class="bad"> above {percent(REVIEWED_ABOVE[name] ?? 1)}: SES reviews accounts</em>
                ) : (
                  <small>{what}</small>
                )}
              </th>
              <td class="numeric">
                <Count value={value} />
              </td>
              <td class="numeric">
                <Percent value={value} of={of} />
              </td>
              <td class="share">
                <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                  <rect
                    class={isHigh ? 'bad' : 'busy'}
                    width={of > 0 ? Math.min(100, (value / of) * 100) : 0}
                    height={4}
                  />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
