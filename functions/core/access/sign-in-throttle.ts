import { sha256 } from '../ids.ts';
import type { Table } from '../ports/table.ts';

/** The most failed sign-ins from one address in a window. */
export const MOST_FAILURES = 10;
/** Length of a window; windows begin at the quarters of an hour. */
export const WINDOW_MS = 15 * 60_000;

/** An attempt to sign in that may go on. */
export interface Attempt {
  /** It did not fail. */
  succeeded(): Promise<void>;
}

/**
 * Counts failed sign-ins by the network that they come from. An attempt counts as failed until it has succeeded, so that simultaneous ones are
 * no more than allowed. What is stored is a hash of the address, which expires with the window.
 */
export function createSignInThrottle(table: Table, now: () => number) {
  /** Begins an attempt; answers the seconds to wait if there were too many. */
  return async (address: string): Promise<Attempt | { readonly waitSeconds: number }> => {
    const nowMs = now();
    const key = keyOf(address, nowMs);
    const expiresAtMs = endOf(nowMs);
    const more = () => table.update(key, { add: { failures: 1 } }, [{ failures: { below: MOST_FAILURES } }]);
    const first = async () => (await table.insert({ key, fields: { failures: 1 }, expiresAtMs })).applied;
    const { applied, document } = await more();
    // Another attempt may insert the document in between.
    const admitted = applied || (!document && ((await first()) || (await more()).applied));
    if (!admitted) return { waitSeconds: Math.ceil((expiresAtMs - nowMs) / 1_000) };
    return { succeeded: async () => void (await table.update(key, { add: { failures: -1 } })) };
  };
}

/** A window begins at the same time for all, so that its number can be in the key: nobody has to end it. */
const windowOf = (nowMs: number): number => Math.floor(nowMs / WINDOW_MS);
const endOf = (nowMs: number): number => (windowOf(nowMs) + 1) * WINDOW_MS;
const keyOf = (address: string, nowMs: number): string =>
  `sign-in#${sha256(`${networkOf(address)}\n${windowOf(nowMs)}`)}`;

/** The first 64 bits of an IPv6 address, as one customer has them all; an IPv4 address as it is. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== '')) as [
    string[],
    string[],
  ];
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':');
}
