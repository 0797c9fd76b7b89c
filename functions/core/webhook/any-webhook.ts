import type { Table } from '../ports/table.ts';
import { indexedWebhookIds, listedWebhookIds } from './registry.ts';

/** For so long it is taken as known whether there is an endpoint; the index, for those made by version 0.1, is asked less often. */
const KNOWN_MS = 10_000;
const INDEX_MS = 600_000;

/**
 * Makes a function that answers whether there is any endpoint, without reading one: they hold secrets. An event within 10 s of the
 * creation of the first endpoint may not reach it.
 */
export function createAnyWebhook(table: Table, now: () => number): () => Promise<boolean> {
  let known: { readonly any: Promise<boolean>; readonly untilMs: number } | undefined;
  let indexed: { readonly any: boolean; readonly untilMs: number } | undefined;
  const look = async () => {
    if ((await listedWebhookIds(table)).length > 0) return true;
    if (!indexed || now() >= indexed.untilMs)
      indexed = { any: (await indexedWebhookIds(table)).length > 0, untilMs: now() + INDEX_MS };
    return indexed.any;
  };
  return () => {
    if (!known || now() >= known.untilMs) {
      const any = look().catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      known = { any, untilMs: now() + KNOWN_MS };
    }
    return known.any;
  };
}
