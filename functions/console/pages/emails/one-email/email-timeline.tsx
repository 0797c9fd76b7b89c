import { Badge, Duration } from '../../../parts/index.ts';
import { duration, fullTime } from '../../../parts/values/formats.ts';
import type { EmailDetail, Timeline } from '../answers.ts';
import { type Step, stepsOf } from './timeline-steps.ts';

/** The events of an email: those of all recipients first, then those of each if there are several. */
export function EmailTimeline({ timeline, email }: { timeline: Timeline; email: EmailDetail }) {
  const groups = stepsOf(timeline.data, [...email.to, ...(email.cc ?? []), ...(email.bcc ?? [])]);
  return (
    <>
      {groups.map(({ recipient, steps }) => (
        <section key={recipient ?? ''} class="email-recipient" aria-label={recipient ?? 'All recipients'}>
          {recipient !== undefined && <h3>{recipient}</h3>}
          <ol class="email-steps">
            {steps.map((step, index) => (
              <StepRow key={`${step.type}${step.at}${index}`} {...step} />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

function StepRow({ type, at, afterMs, reason, permanent, machine, count, lastAt }: Step) {
  return (
    <li>
      <time class="number faint" dateTime={at} title={fullTime(at)}>
        {clockTime(at)}
      </time>
      <div>
        <Badge status={type} />
        {permanent !== undefined && <span class="faint"> {permanent ? 'for good' : 'for now'}</span>}
        {machine && <span class="faint"> by a program</span>}
        {afterMs !== undefined && afterMs > 0 && (
          <span class="faint number">
            {' '}
            +<Duration ms={afterMs} />
          </span>
        )}
        {count !== undefined && count > 1 && lastAt !== undefined && (
          <p class="faint">
            {count} waits in {duration(Date.parse(lastAt) - Date.parse(at))}
          </p>
        )}
        {reason && <p class="email-reason">{reason}</p>}
      </div>
    </li>
  );
}

/** `10:31:05`, with the date if that was another day. */
function clockTime(iso: string): string {
  const at = new Date(iso);
  const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' }).format(at);
  if (at.toDateString() === new Date().toDateString()) return time;
  return `${new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(at)} ${time}`;
}
