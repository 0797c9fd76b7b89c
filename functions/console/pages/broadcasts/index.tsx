import './broadcasts.css';
import type { Route } from '../../router.ts';
import { Draft } from './draft.tsx';
import { BroadcastList } from './list.tsx';
import { OneBroadcast } from './one.tsx';

/** Page Broadcasts: `#/broadcasts`, `#/broadcasts/new?segment=ID&template=ID`, `#/broadcasts/ID/recipients`. */
export function Broadcasts({ path: [id, view], query }: Route) {
  if (id === undefined) return <BroadcastList />;
  if (id === 'new') return <Draft key="new" given={query} />;
  return <OneBroadcast key={id} id={id} view={view} query={query} />;
}
