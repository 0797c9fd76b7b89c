import { usePoll } from '../../api/poll.ts';
import {
  Answer,
  Badge,
  EmptyState,
  ErrorNotice,
  Notice,
  Page,
  Preview,
  Section,
  Tabs,
  When,
} from '../../parts/index.ts';
import { linkTo, type Route } from '../../router.ts';
import { Actions } from './actions.tsx';
import { type Broadcast, hasBegun, isMoving, statusText, statusTone } from './answers.ts';
import { Details } from './details.tsx';
import { Draft } from './draft.tsx';
import { Links } from './links.tsx';
import { Recipients } from './recipients.tsx';
import { Sending } from './sending.tsx';

const PARENT = { title: 'Broadcasts', href: linkTo('broadcasts') };

/** One broadcast: an editor while it is a draft, then its progress, recipients and links. */
export function OneBroadcast({ id, view = 'progress', query }: { id: string; view?: string } & Pick<Route, 'query'>) {
  const poll = usePoll<Broadcast>(`/broadcasts/${id}`, { while: isMoving });
  const { data, error, refresh } = poll;
  const broadcast = data.value;
  if (!broadcast)
    return (
      <Page title="Broadcast" parent={PARENT}>
        <Answer
          poll={poll}
          missing={
            <EmptyState title="There is no broadcast with this id">
              <p>Drafts can be deleted, and ended broadcasts expire with their emails.</p>
            </EmptyState>
          }
        />
      </Page>
    );
  if (broadcast.status === 'draft') return <Draft stored={broadcast} refresh={refresh} />;
  const tab = (name: string, title: string) => ({ id: name, title, href: linkTo('broadcasts', id, name) });
  const tabs = [
    tab('progress', 'Progress'),
    ...(hasBegun(broadcast) ? [tab('recipients', 'Recipients'), tab('links', 'Clicked links')] : []),
    tab('content', 'Content'),
  ];
  return (
    <Page
      title={broadcast.name}
      parent={PARENT}
      aside={<Badge status={statusText(broadcast.status)} tone={statusTone(broadcast.status)} />}
      actions={<Actions broadcast={broadcast} refresh={refresh} />}
    >
      {error.value && <ErrorNotice error={error.value} retry={refresh} />}
      {broadcast.reason && <Notice tone="warn">{broadcast.reason}</Notice>}
      {broadcast.status === 'scheduled' && (
        <Notice>
          It will be sent <When iso={broadcast.scheduled_at} />, to the contacts who are in the segment then.
        </Notice>
      )}
      <Tabs label="Views of the broadcast" tabs={tabs} selected={view} />
      {view === 'recipients' ? (
        <Recipients id={id} progress={broadcast.progress} query={query} />
      ) : view === 'links' ? (
        <Links id={id} />
      ) : view === 'content' ? (
        <Content broadcast={broadcast} />
      ) : (
        <>
          {hasBegun(broadcast) && <Sending broadcast={broadcast} />}
          <Details broadcast={broadcast} />
        </>
      )}
    </Page>
  );
}

function Content({ broadcast: { id, subject, preview_text } }: { broadcast: Broadcast }) {
  return (
    <Section title={subject}>
      {preview_text && <p class="faint">{preview_text}</p>}
      <Preview title={`Preview of ${subject}`} path={`broadcasts/${id}`} />
    </Section>
  );
}
