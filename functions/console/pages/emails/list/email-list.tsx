import { usePages, withQuery } from '../../../api/pages.ts';
import { Action, Badge, type Column, DialogAction, EmptyState, Page, PagedTable, When } from '../../../parts/index.ts';
import { narrow } from '../../../parts/table/screen.ts';
import { fullTime } from '../../../parts/values/formats.ts';
import { goTo, linkTo, type Route } from '../../../router.ts';
import { type EmailRow, isMoving } from '../answers.ts';
import { filterOf } from './filter-names.ts';
import { Filters } from './filters.tsx';
import { SendTest } from './send-test.tsx';

/** A filtered list is a search of up to 1,000 records: it is repeated once a minute only. */
const FILTERED_MS = 60_000;
/** More emails than these move faster than a reader follows: the list then keeps to the slow pace, which costs a fifth. */
const MOST_FOLLOWED = 20;

const TO: Column<EmailRow> = {
  title: 'To',
  cell: ({ to, cc, bcc }) => <Recipients all={[...to, ...(cc ?? []), ...(bcc ?? [])]} />,
};
const STATUS: Column<EmailRow> = { title: 'Status', cell: ({ last_event }) => <Badge status={last_event} /> };
const ACCEPTED: Column<EmailRow> = { title: 'Accepted', cell: (email) => <Accepted {...email} />, numeric: true };

const COLUMNS: readonly Column<EmailRow>[] = [
  { ...TO, grow: true },
  { ...STATUS, width: 16 },
  { title: 'Subject', cell: ({ subject }) => subject || <span class="faint">(no subject)</span>, grow: true },
  { title: 'From', cell: ({ from }) => addressIn(from), width: 28 },
  { ...ACCEPTED, width: 12 },
];
/** As wide as a phone, without scrolling. */
const NARROW_COLUMNS = [
  { ...TO, width: 15 },
  { ...STATUS, width: 13 },
  { ...ACCEPTED, width: 10 },
];

/** The list of emails with its filters. */
export function EmailList({ query }: Pick<Route, 'query'>) {
  const filter = filterOf(query);
  const filtered = Object.keys(filter).length > 0;
  const pages = usePages<EmailRow>(withQuery('/emails', filter), {
    while: filtered ? () => false : follows,
    ...(filtered ? { everyMs: FILTERED_MS } : {}),
  });
  return (
    <Page
      title="Emails"
      actions={
        <>
          {filtered && <Action reading tone="quiet" label="Look again" run={pages.refresh} />}
          <DialogAction label="Send a test email">{(close) => <SendTest onClose={close} />}</DialogAction>
        </>
      }
    >
      <Filters query={query} />
      <PagedTable
        pages={pages}
        unit="email"
        label="Emails"
        columns={narrow.value ? NARROW_COLUMNS : COLUMNS}
        hrefOf={({ id }) => linkTo('emails', id)}
        placeholders={15}
        empty={
          filtered ? <NothingFound until={pages.searchedUntil.value} more={pages.hasMore.value} /> : <NothingSent />
        }
      />
    </Page>
  );
}

const follows = ({ data }: { readonly data: readonly EmailRow[] }): boolean => {
  const moving = data.filter((email) => isMoving(email)).length;
  return moving > 0 && moving <= MOST_FOLLOWED;
};

function Recipients({ all }: { all: readonly string[] }) {
  const [first = '', ...others] = all.map(addressIn);
  return (
    <span title={all.join(', ')}>
      {first}
      {others.length > 0 && <span class="faint"> +{others.length}</span>}
    </span>
  );
}

/** `a@b.c` of `Name <a@b.c>`. */
const addressIn = (mailbox: string): string => /<([^<>]+)>$/.exec(mailbox)?.[1] ?? mailbox;

function Accepted({ created_at, scheduled_at, last_event }: EmailRow) {
  if (last_event !== 'scheduled' || scheduled_at === null) return <When iso={created_at} />;
  return (
    <span title={`Accepted ${fullTime(created_at)}`}>
      <When iso={scheduled_at} />
    </span>
  );
}

function NothingFound({ until, more }: { until: string | undefined; more: boolean }) {
  return (
    <EmptyState title={more ? 'Nothing found so far' : 'No email matches'}>
      {until !== undefined && (
        <p>{more ? `Searched back to ${fullTime(until)}. “Show more” searches on.` : 'Everything was searched.'}</p>
      )}
      <button type="button" onClick={() => goTo(linkTo('emails'))}>
        Clear filters
      </button>
    </EmptyState>
  );
}

function NothingSent() {
  return (
    <EmptyState title="No emails yet">
      <p>
        Send a test email, or accept one with <code>POST /emails</code>. It appears here at once.
      </p>
    </EmptyState>
  );
}
