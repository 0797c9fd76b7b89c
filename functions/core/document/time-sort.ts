/** Sorts by time, then by id; 13 digits hold epoch ms until the year 2286. */
export const timeSort = (atMs: number, id: string): string => `${String(Math.round(atMs)).padStart(13, '0')}#${id}`;
