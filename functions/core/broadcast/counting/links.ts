import { addOrCreate } from '../../document/add.ts';
import { documentsOf } from '../../document/pages.ts';
import { sha256 } from '../../ids.ts';
import type { IndexEntry, Table } from '../../ports/table.ts';
import { type AddOptions, counterField, counterIn } from './progress.ts';

/** The clicks on one link, by people; `clicks` are events (at most 10 of each recipient), `uniqueClicks` recipients. */
export interface LinkClicks {
  readonly url: string;
  readonly clicks: number;
  readonly uniqueClicks: number;
}

/** Clicks by the hash of the link. */
export type ClicksByLink = ReadonlyMap<string, LinkClicks>;

/** A clicked link as it is stored; the clicks of epoch 1 or later are in fields such as `clicks@1`. */
type LinkDocument = { readonly url: string; readonly [field: string]: string | number };

/** About so many links of a broadcast are counted; a broadcast whose links differ for each recipient would have any number. */
export const MAX_LINKS = 500;
const MAX_URL_LENGTH = 2_000;

const linkPartition = (broadcastId: string): string => `broadcast-link#${broadcastId}`;
const linkKey = (broadcastId: string, hash: string): string => `${linkPartition(broadcastId)}#${hash}`;

/** The name under which the clicks of a link are counted. */
export const linkHash = (url: string): string => sha256(url).slice(0, 16);

/** An unsubscribe link differs for each recipient, and whoever has it can unsubscribe the recipient. */
const UNSUBSCRIBE_LINK = /\/unsubscribe\/[\w-]{40,}/;

/** The link as it is counted. */
export const countedLink = (url: string): string =>
  UNSUBSCRIBE_LINK.test(url) ? '{{{RESEND_UNSUBSCRIBE_URL}}}' : url.slice(0, MAX_URL_LENGTH);

/** Adds clicks: one write for each link. A link beyond the first `MAX_LINKS` is not counted. */
export async function addClicks(
  table: Pick<Table, 'insert' | 'update' | 'query'>,
  broadcastId: string,
  clicks: ClicksByLink,
  { epoch = 0, expiresAtMs, writer }: AddOptions = {},
): Promise<void> {
  const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
  let room: number | undefined;
  const addOne = async ([hash, { url, ...numbers }]: [string, LinkClicks]) => {
    const entries = Object.entries(numbers).map(([name, number]) => [counterField(name, epoch), number]);
    const add: Record<string, number> = Object.fromEntries(entries);
    const list: IndexEntry = { partition: linkPartition(broadcastId), sort: hash };
    await addOrCreate(table, { key: linkKey(broadcastId, hash), add, ...expiry, writer }, async () => {
      room ??= MAX_LINKS - (await countLinks(table, broadcastId));
      return room-- > 0 ? { fields: { url }, list } : undefined;
    });
  };
  // One after another: the first of them that are new take the room that is left.
  for (const entry of clicks) await addOne(entry);
}

const listOf = (broadcastId: string) =>
  ({ index: 'list', partition: linkPartition(broadcastId), limit: MAX_LINKS, order: 'ascending' }) as const;

const countLinks = async (table: Pick<Table, 'query'>, broadcastId: string) =>
  (await table.query(listOf(broadcastId))).length;

/** The links of a broadcast with their clicks over all epochs, most clicked first. */
export async function listLinks(table: Pick<Table, 'query' | 'getMany'>, broadcastId: string): Promise<LinkClicks[]> {
  const documents = await documentsOf<LinkDocument>(table, await table.query(listOf(broadcastId)));
  return documents
    .map((document) => ({
      url: document.url,
      clicks: sumOf(document, 'clicks'),
      uniqueClicks: sumOf(document, 'uniqueClicks'),
    }))
    .filter(({ clicks }) => clicks > 0)
    .sort((a, b) => b.clicks - a.clicks || (a.url < b.url ? -1 : 1));
}

const sumOf = (document: LinkDocument, name: string): number =>
  Object.entries(document)
    .filter(([field]) => counterIn(field) === name)
    .reduce((sum, [, value]) => sum + Number(value), 0);

/** Replaces the clicks of the epochs up to `lastEpoch` by counted ones; later ones stay. */
export async function replaceClicks(
  table: Table,
  broadcastId: string,
  clicks: ClicksByLink,
  { lastEpoch, expiresAtMs }: { readonly lastEpoch: number; readonly expiresAtMs: number },
): Promise<void> {
  const remove = Array.from({ length: lastEpoch }, (_, index) => index + 1).flatMap((epoch) =>
    ['clicks', 'uniqueClicks'].map((name) => counterField(name, epoch)),
  );
  for (const [hash, { url, ...numbers }] of clicks) {
    const { applied } = await table.update(linkKey(broadcastId, hash), { set: numbers, remove });
    if (!applied) await addClicks(table, broadcastId, new Map([[hash, { url, ...numbers }]]), { expiresAtMs });
  }
}

/** The URLs of links by their hashes. */
export async function linkUrls(
  table: Pick<Table, 'getMany'>,
  broadcastId: string,
  hashes: readonly string[],
): Promise<Map<string, string>> {
  const documents = await table.getMany<LinkDocument>(hashes.map((hash) => linkKey(broadcastId, hash)));
  return new Map(hashes.flatMap((hash, index) => (documents[index] ? [[hash, documents[index].url] as const] : [])));
}
