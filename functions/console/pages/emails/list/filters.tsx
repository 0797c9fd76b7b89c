import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { fromLocal, toLocal } from '../../../parts/form/local-time.ts';
import { Chips, Input, Select } from '../../../parts/index.ts';
import { goTo, linkTo, setQuery } from '../../../router.ts';
import { STATUSES } from '../answers.ts';
import { FILTER_NAMES, type FilterName, filterOf } from './filter-names.ts';

type Query = Readonly<Record<string, string>>;

/** Typing starts a search this long after the last letter. */
const TYPING_MS = 400;
const HOUR_MS = 3_600_000;
const PERIODS = [
  ['', 'Any time'],
  ['1', 'Last hour'],
  ['24', 'Last 24 hours'],
  ['168', 'Last 7 days'],
  ['custom', 'From … to …'],
] as const;

/** The filters of the list; the address holds them, so that a filtered list can be shared. */
export function Filters({ query }: { query: Query }) {
  const to = useTextFilter('to', query);
  const from = useTextFilter('from', query);
  const subject = useTextFilter('subject', query);
  const tag = useTextFilter('tag', query);
  // Another key lets go of a period that is only half chosen.
  const cleared = useSignal(0);
  const clear = () => {
    cleared.value += 1;
    goTo(linkTo('emails'));
  };
  const selected = query.status?.split(',').filter(Boolean) ?? [];
  return (
    <search class="email-filters" aria-label="Filter emails">
      <Chips
        label="Status"
        several
        selected={selected}
        onChange={(statuses) => setQuery({ status: statuses.join(',') })}
        chips={STATUSES.map((value) => ({ value, text: value.replaceAll('_', ' ') }))}
      />
      <div class="filters">
        <Input label="To" hideLabel type="search" placeholder="To: exact address" value={to} />
        <Input label="From" hideLabel type="search" placeholder="From contains" value={from} />
        <Input label="Subject" hideLabel type="search" placeholder="Subject contains" value={subject} />
        <Input label="Tag" hideLabel type="search" placeholder="Tag: name:value" value={tag} />
        <Period key={cleared.value} query={query} />
        {FILTER_NAMES.some((name) => name in filterOf(query)) && (
          <button type="button" class="quiet" onClick={clear}>
            Clear
          </button>
        )}
      </div>
    </search>
  );
}

/** A field for a text of the address: what is typed changes the address after a moment, and the address changes the field. */
function useTextFilter(name: Exclude<FilterName, 'status' | 'since' | 'until'>, query: Query): Signal<string> {
  const given = query[name] ?? '';
  const text = useSignal(given);
  const last = useRef(given);
  if (last.current !== given) {
    last.current = given;
    text.value = given;
  }
  const typed = text.value.trim();
  useEffect(() => {
    // An address is searched for when it looks whole: half of one finds nothing.
    if (typed === last.current || (name === 'to' && typed !== '' && !/^\S+@\S+\.\S+$/.test(typed))) return;
    const timer = setTimeout(() => {
      last.current = typed;
      setQuery({ [name]: typed }, { replace: true });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, name]);
  return text;
}

function Period({ query: { since, until } }: { query: Query }) {
  const chosen = useSignal(since || until ? 'custom' : '');
  const [start, end] = [useSignal(toLocal(since)), useSignal(toLocal(until))];
  if (!since && !until && chosen.value !== 'custom' && chosen.value !== '') chosen.value = '';
  const choose = (hours: string) => {
    if (hours === 'custom') return;
    const from = hours === '' ? undefined : new Date(Date.now() - Number(hours) * HOUR_MS).toISOString();
    start.value = toLocal(from);
    end.value = '';
    setQuery({ since: from, until: undefined });
  };
  return (
    <>
      <Select label="Accepted" hideLabel options={PERIODS} value={chosen} onInput={choose} />
      {chosen.value === 'custom' && (
        <>
          <Input
            label="Accepted from"
            hideLabel
            type="datetime-local"
            value={start}
            onInput={(local) => setQuery({ since: fromLocal(local) }, { replace: true })}
          />
          <Input
            label="Accepted before"
            hideLabel
            type="datetime-local"
            value={end}
            onInput={(local) => setQuery({ until: fromLocal(local) }, { replace: true })}
          />
        </>
      )}
    </>
  );
}
