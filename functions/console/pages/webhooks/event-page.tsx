import { useRef } from 'preact/hooks';
import type { ListAnswer } from '../../api/pages.ts';
import { usePoll } from '../../api/poll.ts';
import { api } from '../../api/request.ts';
import { Action, Answer, Code, EmptyState, Id, KeyValue, Page, Section, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import type { Attempt, WebhookEventDetail } from './answers.ts';
import { Attempts } from './attempts.tsx';
import { DeliveryBadge } from './endpoint-page.tsx';

/** A replay is attempted within seconds, unless its queue is long. */
const AWAITED_MS = 60_000;

const isAwaited = (replayed: { atMs: number; attempts: number }, attempts: number): boolean =>
  attempts <= replayed.attempts && Date.now() - replayed.atMs < AWAITED_MS;

/** An event: its payload, and how the endpoint answered each attempt. */
export function EventPage({ webhookId, id }: { webhookId: string; id: string }) {
  const endpoint = `/webhooks/${encodeURIComponent(webhookId)}`;
  const path = `${endpoint}/events/${encodeURIComponent(id)}`;
  const poll = usePoll<WebhookEventDetail>(path, { while: ({ status }) => status === 'attempting' });
  const replayed = useRef({ atMs: 0, attempts: 0 });
  // They may be answered before the event is. A replay changes no status: its attempt is awaited.
  const attempts = usePoll<ListAnswer<Attempt>>(`${path}/attempts`, {
    while: ({ data }) =>
      (poll.data.value?.status ?? 'attempting') === 'attempting' || isAwaited(replayed.current, data.length),
  });
  const event = poll.data.value;
  const replay = async () => {
    await api('POST', `${path}/replay`);
    replayed.current = { atMs: Date.now(), attempts: attempts.data.value?.data.length ?? 0 };
    await Promise.all([poll.refresh(), attempts.refresh()]);
    return 'It is told again; the attempt appears here in a moment.';
  };
  return (
    <Page
      title={event?.type ?? 'Event'}
      parent={{ title: 'Endpoint', href: linkTo('webhooks', webhookId) }}
      aside={
        event && (
          <>
            <DeliveryBadge status={event.status} />
            <Id value={id} />
          </>
        )
      }
      actions={event && <Action label="Replay" tone="primary" run={replay} />}
    >
      <Answer poll={poll} missing={<EmptyState title="There is no such event" />}>
        {(known) => (
          <>
            <Facts event={known} />
            <Section title="Attempts">
              <Answer poll={attempts} lines={2}>
                {({ data }) => <Attempts attempts={data} />}
              </Answer>
            </Section>
            {(attempts.data.value || attempts.error.value) && (
              <Section title="Payload">
                <Code label="Payload" text={known.payload} />
              </Section>
            )}
          </>
        )}
      </Answer>
    </Page>
  );
}

function Facts({ event: { created_at, next_attempt_at, payload } }: { event: WebhookEventDetail }) {
  const emailId: unknown = payload?.data?.email_id;
  const runId: unknown = payload?.data?.run_id;
  return (
    <KeyValue
      list={[
        ['First attempt', <When iso={created_at} />],
        ['Next attempt', next_attempt_at && <When iso={next_attempt_at} />],
        ['Email', typeof emailId === 'string' ? <a href={linkTo('emails', emailId)}>{emailId}</a> : undefined],
        ['Run', typeof runId === 'string' ? <a href={linkTo('tasks', 'runs', runId)}>{runId}</a> : undefined],
      ]}
    />
  );
}
