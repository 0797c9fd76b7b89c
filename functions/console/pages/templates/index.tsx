import './templates.css';
import type { Route } from '../../router.ts';
import { TemplateList } from './list.tsx';
import { NewTemplate } from './new.tsx';
import { OneTemplate } from './one.tsx';

/** Page Templates: `#/templates`, `#/templates/new`, `#/templates/ID`, `#/templates/ID/versions/VERSION`. */
export function Templates({ path: [id, view, version] }: Route) {
  if (id === undefined) return <TemplateList />;
  if (id === 'new') return <NewTemplate />;
  return <OneTemplate key={id} id={id} view={view} version={version} />;
}
