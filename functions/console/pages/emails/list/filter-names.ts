/** The parameters of `GET /emails` that this page passes on from its address. */
export const FILTER_NAMES = ['status', 'to', 'subject', 'tag', 'since', 'until', 'from'] as const;
export type FilterName = (typeof FILTER_NAMES)[number];

/** The filter in an address, without empty values. */
export const filterOf = (query: Readonly<Record<string, string>>): Partial<Record<FilterName, string>> =>
  Object.fromEntries(FILTER_NAMES.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
