import { type ApiError, api } from './api/request.ts';
import { linkTo } from './router.ts';

/** Where an id may belong: the API's path and the console's page, likeliest first. */
const RECORDS: readonly (readonly [path: string, link: (id: string) => string])[] = [
  ['/emails/', (id) => linkTo('emails', id)],
  ['/runs/', (id) => linkTo('tasks', 'runs', id)],
  ['/broadcasts/', (id) => linkTo('broadcasts', id)],
  ['/contacts/', (id) => linkTo('audience', 'contacts', id)],
  ['/templates/', (id) => linkTo('templates', id)],
  ['/segments/', (id) => linkTo('audience', 'segments', id)],
  ['/webhooks/', (id) => linkTo('webhooks', id)],
];

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** A page's answer to a search. */
export interface PageSearch {
  /** Where a text leads. */
  readonly text?: (text: string) => string;
  /** Where an address leads. */
  readonly address?: (address: string) => string;
}

const byDefault = {
  text: (subject: string) => linkTo('emails', { subject }),
  address: (to: string) => linkTo('emails', { to }),
};

/** The link for a search: the record of an id, or what the page shown does with an address or a text. undefined: no record has the id. */
export async function findTarget(searched: string, page: PageSearch = {}): Promise<string | undefined> {
  const text = searched.trim();
  if (ID.test(text)) return recordOf(text);
  const { text: byText, address } = { ...byDefault, ...page };
  return ADDRESS.test(text) ? address(text) : byText(text);
}

async function recordOf(id: string): Promise<string | undefined> {
  for (const [path, link] of RECORDS) if (await exists(path + id)) return link(id);
  return undefined;
}

async function exists(path: string): Promise<boolean> {
  try {
    await api('GET', path);
    return true;
  } catch (error) {
    if ([404, 405, 422].includes((error as ApiError).status)) return false;
    throw error;
  }
}
