import { useMemo } from 'preact/hooks';
import { Badge, EmptyState } from '../../../parts/index.ts';
import { type CheckedLink, linksIn } from './link-check.ts';

/** The links of the HTML, where each leads, and what is suspicious about it. */
export function Links({ html }: { html: string | null }) {
  const links = useMemo(() => linksIn(html ?? ''), [html]);
  if (links.length === 0) return <EmptyState title="This email has no links" />;
  return (
    <>
      <ol class="email-links">
        {links.map((link, index) => (
          <li key={`${index} ${link.target}`}>
            <span>{link.text || <span class="faint">(no text)</span>}</span>
            <Target {...link} />
            <span class="email-notes">
              {link.notes.map(({ tone, text }) => (
                <Badge key={text} status={text} tone={tone} />
              ))}
            </span>
          </li>
        ))}
      </ol>
      <p class="faint">Checked in your browser. No server was asked, so redirects are not followed.</p>
    </>
  );
}

/** The address with its host emphasized; no link, so that nobody follows it by accident. */
function Target({ target, host }: CheckedLink) {
  const at = host === '' ? -1 : target.toLowerCase().indexOf(host);
  if (at < 0) return <code>{target || '(empty)'}</code>;
  return (
    <code>
      {target.slice(0, at)}
      <strong>{target.slice(at, at + host.length)}</strong>
      {target.slice(at + host.length)}
    </code>
  );
}
