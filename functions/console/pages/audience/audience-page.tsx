import type { ComponentChildren } from 'preact';
import { Page, Tabs } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';

const VIEWS = [
  ['contacts', 'Contacts'],
  ['segments', 'Segments'],
  ['topics', 'Topics'],
  ['properties', 'Properties'],
  ['imports', 'Imports'],
] as const;

/** The frame of the lists of the audience. */
export function AudiencePage({
  view,
  actions,
  children,
}: {
  view: (typeof VIEWS)[number][0];
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const tabs = VIEWS.map(([id, title]) => ({ id, title, href: linkTo('audience', id) }));
  return (
    <Page title="Audience" actions={actions}>
      <Tabs label="Parts of the audience" tabs={tabs} selected={view} />
      {children}
    </Page>
  );
}
