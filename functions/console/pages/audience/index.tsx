import './audience.css';
import type { Route } from '../../router.ts';
import { ContactList } from './contacts/contact-list.tsx';
import { OneContact } from './contacts/contact-page.tsx';
import { ImportForm } from './imports/import-form.tsx';
import { ImportList } from './imports/import-list.tsx';
import { OneImport } from './imports/import-page.tsx';
import { Properties } from './property-list.tsx';
import { Segments } from './segments/segment-list.tsx';
import { OneSegment } from './segments/segment-page.tsx';
import { Topics } from './topic-list.tsx';

/** Page Audience: `#/audience/contacts/ID`, `#/audience/segments/ID`, `#/audience/imports/new` … */
export function Audience({ path: [view = 'contacts', id], query }: Route) {
  if (view === 'contacts' && id !== undefined) return <OneContact key={id} id={id} />;
  if (view === 'segments' && id !== undefined) return <OneSegment key={id} id={id} />;
  if (view === 'imports' && id === 'new') return <ImportForm />;
  if (view === 'imports' && id !== undefined) return <OneImport key={id} id={id} />;
  if (view === 'segments') return <Segments />;
  if (view === 'topics') return <Topics />;
  if (view === 'properties') return <Properties />;
  if (view === 'imports') return <ImportList />;
  return <ContactList segment={query.segment} />;
}
