import type { Api, Json } from '../../api.ts';

/** The most of one page. */
const PAGE = 100;

/** The pages of a list of the API, newest first, each one when the loop over them asks for it. */
export async function* pagesOf(
  api: Api,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
  pageSize = PAGE,
): AsyncGenerator<Json[], void> {
  const idOf = (item: Json): string => item.id ?? item.name ?? item.task;
  for (let after: string | undefined; ; ) {
    const given = Object.entries({ ...query, limit: String(pageSize), after });
    const search = new URLSearchParams(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
    const page = await api.ask('GET', `${path}?${search}`);
    yield page.data;
    // A page that was filtered may be empty although there are more; it names its end.
    after = page.next ?? (page.data.length > 0 ? idOf(page.data.at(-1)) : undefined);
    if (!page.has_more || after === undefined) return;
  }
}

/** The whole of a list, or its first `max` items. */
export async function listed(
  api: Api,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
  max = Number.POSITIVE_INFINITY,
): Promise<Json[]> {
  const items: Json[] = [];
  for await (const page of pagesOf(api, path, query, Math.min(PAGE, max))) {
    items.push(...page);
    if (items.length >= max) break;
  }
  return items.slice(0, max);
}
