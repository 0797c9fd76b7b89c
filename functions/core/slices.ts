/** The items in order, in slices of `size`; the last one may be shorter. */
export function* slices<T>(items: readonly T[], size: number): Generator<readonly T[], void, undefined> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
