import type { ComponentChildren } from 'preact';

interface Tab {
  readonly id: string;
  readonly title: ComponentChildren;
  /** Deep link of the tab. */
  readonly href: string;
}

/** Views of one record or page; each has its own address. */
export function Tabs({ label, tabs, selected }: { label: string; tabs: readonly Tab[]; selected: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ id, title, href }) => (
        <a key={id} href={href} aria-current={id === selected ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}
