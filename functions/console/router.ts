import { batch, computed, signal } from '@preact/signals';

/** A place in the console: `#/emails/ID?status=failed` is `{ page: 'emails', path: ['ID'], query: { status: 'failed' } }`. */
export interface Route {
  readonly page: string;
  /** The parts after the page's name, decoded. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

/** The page shown without a hash. */
const FIRST_PAGE = 'now';

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split(/\?(.*)/s);
  const [page = '', ...rest] = path.split('/').filter(Boolean).map(decode);
  return { page: page || FIRST_PAGE, path: rest, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The link to a place: `linkTo('emails', id)`, `linkTo('emails', { status: 'failed' })`. Parts and values are encoded; empty values are left out. */
export function linkTo(page: string, ...parts: (string | Readonly<Record<string, string | undefined>>)[]): string {
  const path = parts.filter((part) => typeof part === 'string').map(encodeURIComponent);
  const query = parts.filter((part) => typeof part !== 'string').flatMap((part) => Object.entries(part));
  const given = new URLSearchParams(query.filter((entry): entry is [string, string] => Boolean(entry[1])));
  return `#/${[page, ...path].join('/')}${given.size > 0 ? `?${given}` : ''}`;
}

const hash = signal(typeof location === 'undefined' ? '' : location.hash);

/** The place shown now. */
export const route = computed(() => parseRoute(hash.value));

/** The viewer came back to a place: how far it was scrolled when they left it, and the link of the place they come from. */
interface Return {
  readonly scrolled: number;
  readonly from: string;
}

/** undefined unless the viewer came back to the place shown. */
export const returned = signal<Return | undefined>(undefined);

/** Goes to a link made by `linkTo`. `replace` leaves no entry in the history: for filters that are being typed. */
export function goTo(link: string, { replace = false } = {}): void {
  if (replace) history.replaceState(history.state, '', link);
  else {
    history.replaceState({ scrolled: scrollY }, '');
    history.pushState(null, '', link);
  }
  batch(() => {
    returned.value = undefined;
    hash.value = location.hash;
  });
}

/** A `goTo` for the end of an action that waits for an answer: it stays if the viewer went to another place meanwhile. */
export function goToFromHere(): typeof goTo {
  const here = hash.peek();
  return (link, options) => {
    if (hash.peek() === here) goTo(link, options);
  };
}

/** Changes values of the query of the place shown; undefined or '' removes one. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>, options?: { replace?: boolean }): void {
  const { page, path, query } = route.peek();
  goTo(linkTo(page, ...path, { ...query, ...changes }), options);
}

/** Follows links, the history and changes of the address by hand. */
export function followAddress(): void {
  history.scrollRestoration = 'manual';
  addEventListener('popstate', ({ state }) => {
    batch(() => {
      returned.value = state ? { scrolled: state.scrolled, from: hash.value } : undefined;
      hash.value = location.hash;
    });
  });
  addEventListener('click', (event) => {
    const { target, button, ctrlKey, metaKey, shiftKey, altKey } = event;
    const link = target instanceof Element ? target.closest('a[href^="#/"]:not([target])') : undefined;
    if (!link || button !== 0 || ctrlKey || metaKey || shiftKey || altKey || event.defaultPrevented) return;
    event.preventDefault();
    goTo(link.getAttribute('href') ?? '');
  });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
