import './suppressions.css';
import { usePages, withQuery } from '../../api/pages.ts';
import { Chips, EmptyState, Page, PagedTable } from '../../parts/index.ts';
import { linkTo, type Route, setQuery } from '../../router.ts';
import { AddSuppressions } from './add.tsx';
import type { Suppression } from './answers.ts';
import { suppressionColumns } from './columns.tsx';
import { Found, Lookup } from './lookup.tsx';

const ORIGINS = ['bounce', 'complaint', 'manual', 'unsubscribe'] as const satisfies readonly Suppression['origin'][];

/** Suppressions: addresses that get no more mail. */
export function Suppressions({ query }: Route) {
  const origin = ORIGINS.find((known) => known === query.origin);
  const pages = usePages<Suppression>(withQuery('/suppressions', { origin }));
  const sought = query.q?.trim();
  return (
    <Page title="Suppressions" actions={<AddSuppressions onChange={pages.refresh} />}>
      <div class="filters">
        <Lookup sought={sought ?? ''} />
        <Chips
          label="Origin"
          chips={ORIGINS.map((value) => ({ value, text: value }))}
          selected={origin ? [origin] : []}
          onChange={([chosen]) => setQuery({ origin: chosen }, { replace: true })}
        />
      </div>
      {sought && <Found key={sought} sought={sought} />}
      <PagedTable
        pages={pages}
        unit="address"
        label="Suppressed addresses"
        columns={suppressionColumns(pages.refresh)}
        empty={
          <EmptyState title={origin ? `No address is here by ${origin}` : 'Nobody is suppressed'}>
            {origin ? (
              <a href={linkTo('suppressions')}>Show all origins</a>
            ) : (
              <p>Permanent bounces and complaints put addresses here; you can add others by hand.</p>
            )}
          </EmptyState>
        }
      />
    </Page>
  );
}
