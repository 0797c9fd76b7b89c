import type { Table } from '../ports/table.ts';
import { listedWebhookIds } from './registry.ts';

/** For so long it is taken as known whether there is an endpoint. */
const KNOWN_MS = 10_000;

/**
 * Makes a function that answers whether there is any endpoint. It reads the list, which has ids alone, and not the endpoints, which
 * have secrets. Events within 10 s of the creation of the first endpoint may not reach it.
 */
export function createAnyWebhook(table: Table, now: () => number): () => Promise<boolean> {
  let known: { readonly any: Promise<boolean>; readonly untilMs: number } | undefined;
  return () => {
    if (!known || now() >= known.untilMs) {
      const any = listedWebhookIds(table).then((ids) => ids.length > 0);
      any.catch(() => {
        known = undefined;
      });
      known = { any, untilMs: now() + KNOWN_MS };
    }
    return known.any;
  };
}
