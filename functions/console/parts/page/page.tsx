import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { session } from '../../api/session.ts';

interface PageProps {
  /** `Emails`, or a record's subject. */
  readonly title: string;
  /** Where it belongs: `{ title: 'Emails', href: linkTo('emails') }`. */
  readonly parent?: { readonly title: string; readonly href: string };
  /** Beside the title: badges, an id. */
  readonly aside?: ComponentChildren;
  /** Buttons of the page. */
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The frame of every page: title, way back, actions. */
export function Page({ title, parent, aside, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · ${session.peek()?.deployment ?? 'Sendoff'}`;
  }, [title]);
  return (
    <article class="page">
      <header class="page-head">
        <div class="page-title">
          {parent && (
            <a class="parent" href={parent.href}>
              {parent.title}
            </a>
          )}
          <h1 tabIndex={-1}>{title}</h1>
          {aside}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </article>
  );
}

/** A part of a page with a heading. */
export function Section({ title, actions, children }: Omit<PageProps, 'parent' | 'aside'>) {
  return (
    <section class="section">
      <header class="section-head">
        <h2>{title}</h2>
        {/* Actions that come later (`false` until then) have their place. */}
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}
