import { useSignal } from '@preact/signals';
import type { RecipientType } from '../../../core/broadcast/counting/recipient-lists.ts';
import { usePages, withQuery } from '../../api/pages.ts';
import { Chips, type Column, Count, EmptyState, Input, PagedTable } from '../../parts/index.ts';
import { count } from '../../parts/values/formats.ts';
import { linkTo, type Route, setQuery } from '../../router.ts';
import type { Broadcast, Recipient } from './answers.ts';

const TYPES = [
  'sent',
  'delivered',
  'opened',
  'clicked',
  'bounced',
  'complained',
  'unsubscribed',
  'suppressed',
] as const satisfies readonly RecipientType[];
const BOUNCES = ['permanent', 'transient', 'undetermined'] as const;
const chipsOf = (values: readonly string[]) => values.map((value) => ({ value, text: value }));

/** The recipients to whom something happened, in the order of sending. */
export function Recipients({
  id,
  progress,
  query,
}: { id: string; progress: Broadcast['progress'] } & Pick<Route, 'query'>) {
  const { type = 'delivered', bounce_type, email } = query;
  const bounced = type === 'bounced';
  const path = withQuery(`/broadcasts/${id}/recipients`, {
    type,
    email,
    bounce_type: bounced ? bounce_type : undefined,
  });
  const pages = usePages<Recipient>(path);
  return (
    <>
      <div class="filters">
        <Chips
          label="What happened"
          chips={TYPES.map((value) => ({ value, text: `${value} ${count(progress[value])}` }))}
          selected={[type]}
          onChange={([chosen]) => chosen && setQuery({ type: chosen, bounce_type: undefined })}
        />
        {bounced && (
          <Chips
            label="Kind of bounce"
            chips={chipsOf(BOUNCES)}
            selected={bounce_type ? [bounce_type] : []}
            onChange={([chosen]) => setQuery({ bounce_type: chosen })}
          />
        )}
        <AddressFilter email={email ?? ''} />
      </div>
      <PagedTable
        pages={pages}
        unit="recipient"
        label="Recipients"
        columns={columnsOf(type)}
        hrefOf={({ email: to }) => linkTo('emails', { to })}
        empty={<Nobody type={type} email={email} hasMore={pages.hasMore.value} />}
      />
    </>
  );
}

function AddressFilter({ email }: { email: string }) {
  const address = useSignal(email);
  const filter = (event: Event) => {
    event.preventDefault();
    setQuery({ email: address.value.trim() });
  };
  return (
    <form onSubmit={filter}>
      <Input label="Address" hideLabel type="search" placeholder="Only this address" value={address} />
    </form>
  );
}

function Nobody({ type, email, hasMore }: { type: string; email: string | undefined; hasMore: boolean }) {
  if (hasMore) return <p class="faint">None among those examined so far; the search goes on with “Show more”.</p>;
  return (
    <EmptyState title={email ? `${email} is not among them` : `Nobody: ${type}`}>
      {['opened', 'clicked'].includes(type) && (
        <p>
          Opens and clicks are counted if the deployment has the option <code>tracking</code>.
        </p>
      )}
    </EmptyState>
  );
}

function columnsOf(type: string): readonly Column<Recipient>[] {
  const address: Column<Recipient> = { title: 'Address', grow: true, cell: ({ email }) => email };
  const contact: Column<Recipient> = {
    title: 'Contact',
    wide: true,
    cell: ({ contact_id }) => contact_id && <a href={linkTo('audience', 'contacts', contact_id)}>contact</a>,
  };
  const times: Column<Recipient> = { title: 'Times', numeric: true, cell: (row) => <Count value={row.count} /> };
  const links: Column<Recipient> = {
    title: 'Links',
    grow: true,
    wide: true,
    cell: ({ clicked_links }) => clicked_links?.map(({ url }) => url).join(', '),
  };
  if (type === 'opened') return [address, times, contact];
  if (type === 'clicked') return [address, times, links, contact];
  if (type === 'bounced') return [address, { title: 'Bounce', cell: ({ bounce_type }) => bounce_type ?? '–' }, contact];
  return [address, contact];
}
