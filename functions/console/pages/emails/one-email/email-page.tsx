import { useEffect } from 'preact/hooks';
import { usePoll } from '../../../api/poll.ts';
import { session } from '../../../api/session.ts';
import { Answer, Badge, EmptyState, Id, KeyValue, Page, Section, Skeleton } from '../../../parts/index.ts';
import { fullTime } from '../../../parts/values/formats.ts';
import { linkTo, type Route } from '../../../router.ts';
import { type EmailDetail, isMoving, type Timeline } from '../answers.ts';
import { EmailContent } from '../content/email-content.tsx';
import { EmailActions } from './email-actions.tsx';
import { EmailTimeline } from './email-timeline.tsx';

/** The content never changes, and reading it costs more than the record: it is read again when something has happened. */
const CONTENT_MS = 600_000;

/** One email. */
export function EmailPage({ id, query }: { id: string } & Pick<Route, 'query'>) {
  const path = `/emails/${encodeURIComponent(id)}`;
  const email = usePoll<EmailDetail>(path, { everyMs: CONTENT_MS });
  const events = usePoll<Timeline>(`${path}/events`, {
    // They may be answered before the email is.
    while: () => email.data.value === undefined || isMoving(email.data.value),
  });
  const happened = events.data.value;
  useEffect(() => {
    if (happened) void email.refresh();
  }, [happened, email]);
  // The email first: its status decides how soon the events are asked for again.
  const refresh = async () => {
    await email.refresh();
    await events.refresh();
  };
  // All at once: each part is below another one, on narrow screens at least.
  const isReady = happened !== undefined || events.error.value !== undefined;
  const shown = isReady ? email.data.value : undefined;
  return (
    <Page
      title={shown ? shown.subject || '(no subject)' : 'Email'}
      parent={{ title: 'Emails', href: linkTo('emails') }}
      aside={shown && <Badge status={shown.last_event} />}
      actions={shown && <EmailActions email={shown} refresh={refresh} />}
    >
      <Answer poll={email} missing={<NoEmail />} lines={24}>
        {(known) =>
          isReady ? (
            <div class="email-columns">
              <div class="email-happened">
                <Section title="What happened">
                  <Answer poll={events}>{(timeline) => <EmailTimeline timeline={timeline} email={known} />}</Answer>
                </Section>
              </div>
              <div class="email-content">
                <EmailContent id={id} email={known} view={query.view} />
              </div>
              <div class="email-envelope">
                <Section title="Envelope">
                  <Envelope {...known} />
                </Section>
              </div>
            </div>
          ) : (
            <Skeleton lines={24} />
          )
        }
      </Answer>
    </Page>
  );
}

const NoEmail = () => (
  <EmptyState title="There is no such email">
    <p>Emails are kept for {session.value?.retention_days} days.</p>
  </EmptyState>
);

function Envelope(email: EmailDetail) {
  const { broadcast_id, template_id } = email as { broadcast_id?: string; template_id?: string };
  return (
    <KeyValue
      list={[
        ['From', email.from],
        ['To', <Addresses key="to" all={email.to} />],
        ['Cc', email.cc && <Addresses all={email.cc} />],
        ['Bcc', email.bcc && <Addresses all={email.bcc} />],
        ['Reply to', email.reply_to && <Addresses all={email.reply_to} />],
        ['Accepted', <Time key="at" iso={email.created_at} />],
        ['Scheduled', email.scheduled_at && <Time iso={email.scheduled_at} />],
        ['Tags', email.tags.length > 0 ? <Tags {...email} /> : null],
        ['Topic', email.topic_id && <Id value={email.topic_id} short />],
        ['Broadcast', broadcast_id && <a href={linkTo('broadcasts', broadcast_id)}>{broadcast_id.slice(0, 8)}</a>],
        ['Template', template_id && <a href={linkTo('templates', template_id)}>{template_id.slice(0, 8)}</a>],
        ['Id', <Id key="id" value={email.id} />],
        ['Message-ID', email.message_id ? <Id value={email.message_id} /> : null],
      ]}
    />
  );
}

const Time = ({ iso }: { iso: string }) => (
  <time class="number" dateTime={iso}>
    {fullTime(iso)}
  </time>
);

function Addresses({ all }: { all: readonly string[] }) {
  return (
    <ul class="email-addresses">
      {all.map((mailbox) => (
        <li key={mailbox}>{mailbox}</li>
      ))}
    </ul>
  );
}

function Tags({ tags }: Pick<EmailDetail, 'tags'>) {
  return (
    <span class="email-tags">
      {tags.map(({ name, value }) => (
        <a key={name} href={linkTo('emails', { tag: `${name}:${value}` })} title="Emails with this tag">
          {name}: {value}
        </a>
      ))}
    </span>
  );
}
