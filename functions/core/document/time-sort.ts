/** Sorts by time, then by id; 13 digits hold epoch ms until the year 2286. */
export const timeSort = (atMs: number, id: string): string => `${String(Math.round(atMs)).padStart(13, '0')}#${id}`;

/** The time of a sort key, epoch ms. */
export const timeIn = (sort: string): number => Number.parseInt(sort, 10);

/** The id of a sort key. */
export const idIn = (sort: string): string => sort.slice(sort.indexOf('#') + 1);
