import type { SesMessage } from '../../lib/local/cloud/ses/message.ts';

/** The emails that the local SES took, by recipient. It judges a broadcast without asking Sendoff. */
export interface Census {
  /** For the local SES: called for each message that it takes. */
  note(message: SesMessage): void;
  /** Emails that SES took. */
  readonly taken: number;
  /** Emails that SES took in the last seconds, a second. */
  perSecond(): number;
  /** The numbers of recipients that got an email, none, or more than one. */
  summary(): { readonly reached: number; readonly lost: number; readonly twice: number; readonly unknown: number };
  /** When SES took the first and the last one, epoch ms. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** The address of the n-th recipient, from 0. */
export const addressOf = (n: number): string => `reader-${n}@example.org`;
const ADDRESS = /^reader-(\d+)@example\.org$/;

/** The rate is that of so many seconds. */
const WINDOW_SECONDS = 5;

/** Counts for the recipients 0 to `recipients` - 1; in a byte each, so that a million is little. */
export function createCensus(recipients: number): Census {
  const times = new Uint8Array(recipients);
  const bySecond = new Map<number, number>();
  let [taken, unknown, firstAtMs, lastAtMs] = [0, 0, 0, 0];
  return {
    note: ({ envelope }) => {
      const nowMs = Date.now();
      const second = Math.floor(nowMs / 1_000);
      bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
      bySecond.delete(second - WINDOW_SECONDS - 1);
      if (taken++ === 0) firstAtMs = nowMs;
      lastAtMs = nowMs;
      for (const address of envelope.to) {
        const n = Number(ADDRESS.exec(address)?.[1] ?? recipients);
        if (n < recipients) times[n] = Math.min(255, (times[n] ?? 0) + 1);
        else unknown++;
      }
    },
    get taken() {
      return taken;
    },
    perSecond: () => {
      const second = Math.floor(Date.now() / 1_000);
      const whole = Array.from({ length: WINDOW_SECONDS }, (_, ago) => bySecond.get(second - 1 - ago) ?? 0);
      return whole.reduce((sum, count) => sum + count, 0) / WINDOW_SECONDS;
    },
    summary: () => {
      const lost = times.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
      const twice = times.reduce((sum, count) => sum + (count > 1 ? 1 : 0), 0);
      return { reached: recipients - lost, lost, twice, unknown };
    },
    get firstAtMs() {
      return firstAtMs;
    },
    get lastAtMs() {
      return lastAtMs;
    },
  };
}
