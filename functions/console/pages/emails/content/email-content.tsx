import { useMemo } from 'preact/hooks';
import { Code, EmptyState, Preview, Tabs } from '../../../parts/index.ts';
import { linkTo } from '../../../router.ts';
import type { EmailDetail } from '../answers.ts';
import { Attachments } from './attachments.tsx';
import { linksIn, remoteImagesIn } from './link-check.ts';
import { Links } from './links.tsx';
import { Headers, Raw } from './raw-message.tsx';
import { Webhooks } from './webhooks.tsx';

const VIEWS = ['html', 'text', 'headers', 'raw', 'attachments', 'links', 'webhooks'] as const;
const TITLES: Readonly<Record<string, string>> = { html: 'HTML' };

interface EmailContentProps {
  readonly id: string;
  readonly email: EmailDetail;
  /** The view that the address names. */
  readonly view: string | undefined;
}

/** The content of an email in views of their own address; without one, its HTML, or its text if that is all it has. */
export function EmailContent({ id, email, view: named }: EmailContentProps) {
  const { html, text } = email;
  const links = useMemo(() => (html ? linksIn(html) : []), [html]);
  const isWrong = links.some(({ notes }) => notes.some(({ tone }) => tone === 'bad'));
  const view = named ?? (html === null && text ? 'text' : 'html');
  const tabs = VIEWS.map((name) => ({
    id: name,
    href: linkTo('emails', id, { view: name }),
    title: (
      <>
        {TITLES[name] ?? name[0]?.toUpperCase() + name.slice(1)}
        {name === 'links' && links.length > 0 && <span class={isWrong ? 'bad' : 'faint'}> {links.length}</span>}
      </>
    ),
  }));
  return (
    <>
      <Tabs label="Views of the email" tabs={tabs} selected={view} />
      <View id={id} email={email} view={view} />
    </>
  );
}

function View({ id, email, view }: { id: string; email: EmailDetail; view: string }) {
  const ofBroadcast = 'broadcast_id' in email && email.html === null && email.text === null;
  if (view === 'webhooks') return <Webhooks id={id} />;
  if (ofBroadcast)
    return (
      <EmptyState title="The content is that of the broadcast">
        <a href={linkTo('broadcasts', String(email.broadcast_id))}>Open the broadcast</a>
      </EmptyState>
    );
  if (view === 'headers') return <Headers id={id} />;
  if (view === 'raw') return <Raw id={id} />;
  if (view === 'attachments') return <Attachments id={id} />;
  if (view === 'links') return <Links html={email.html} />;
  if (view === 'text') return <TextPart {...email} />;
  return <HtmlPart id={id} html={email.html} />;
}

function HtmlPart({ id, html }: Pick<EmailDetail, 'id' | 'html'>) {
  const hosts = useMemo(() => (html ? remoteImagesIn(html) : []), [html]);
  if (html !== null) return <Preview title="HTML of the email" path={`emails/${id}`} hosts={hosts} />;
  return (
    <EmptyState title="This email has no HTML">
      <a href={linkTo('emails', id, { view: 'text' })}>Show its text</a>
    </EmptyState>
  );
}

function TextPart({ id, html, text }: EmailDetail) {
  if (text) return <Code text={text} label="Text" />;
  if (text === '' || html === null) return <EmptyState title="This email has no text part" />;
  return (
    <EmptyState title="No text was given">
      <p>
        The text part is made from the HTML when the email is sent: see{' '}
        <a href={linkTo('emails', id, { view: 'raw' })}>Raw</a>.
      </p>
    </EmptyState>
  );
}
