import type { Change, Condition, Table } from '../ports/table.ts';
import { type ApiKey, apiKeyKey, type Credential } from './api-key.ts';

const WINDOW_MS = 1_000;
/** A window that began so much later by another function's clock is the current one; a later one comes from a wrong clock. */
const CLOCK_TOLERANCE_MS = 2_000;
const MOST_KEYS = 1_000;
/** Other functions may begin a window between two of our updates. When it happens so often, the window is full. */
const MOST_UPDATES = 5;

/** The result of the check of one request against a limit. */
export interface Admission {
  readonly admitted: boolean;
  /** The key, as it is stored now; undefined if the limit was known to be reached, or if there is no such key. */
  readonly apiKey: ApiKey | undefined;
  /** Requests left in this window. */
  readonly remaining: number;
  /** Seconds until the window ends. */
  readonly resetSeconds: number;
}

/** Counts a request of the key that the credential is of. */
export type Admit = (credential: Credential, nowMs: number) => Promise<Admission>;

interface Window {
  readonly startMs: number;
  readonly count: number;
}

/**
 * Limits the requests of each API key, exactly and for all functions together: each request is one conditional update of the
 * key's document, which also authenticates it. It takes a second one when another function has begun the window, and none when
 * this function knows that the window is full.
 */
export function createRateLimit(table: Table, perSecond: number): Admit {
  const known = new Map<string, Window>();
  const remember = (id: string, window: Window) => {
    known.delete(id);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= MOST_KEYS) known.delete(oldest);
    known.set(id, window);
  };

  return async ({ keyId: id, isOf }, nowMs) => {
    const startMs = nowMs - (nowMs % WINDOW_MS);
    const resetSeconds = Math.ceil((startMs + WINDOW_MS - nowMs) / 1_000);
    let window = known.get(id);
    for (let updates = 0; updates < MOST_UPDATES; updates++) {
      const current = isCurrent(window, startMs);
      if (current && window && window.count >= perSecond) break;
      const [change, anyOf] = current ? next(startMs, perSecond) : first(startMs);
      const { applied, document } = await table.update<ApiKey>(apiKeyKey(id), change, anyOf);
      if (!document || !isOf(document))
        return { admitted: true, apiKey: undefined, remaining: perSecond, resetSeconds };
      window = { startMs: document.rateWindowMs ?? 0, count: document.rateCount ?? 0 };
      remember(id, window);
      if (applied) return { admitted: true, apiKey: document, remaining: perSecond - window.count, resetSeconds };
    }
    return { admitted: false, apiKey: undefined, remaining: 0, resetSeconds };
  };
}

const isCurrent = (window: Window | undefined, startMs: number): boolean =>
  window !== undefined && window.startMs >= startMs && window.startMs <= startMs + CLOCK_TOLERANCE_MS;

/** Begins a window. */
function first(startMs: number): [Change, Condition[]] {
  const isOver: Condition[] = [
    { rateWindowMs: { exists: false } },
    { rateWindowMs: { below: startMs } },
    { rateWindowMs: { between: [startMs + CLOCK_TOLERANCE_MS + 1, Number.MAX_SAFE_INTEGER] } },
  ];
  return [{ set: { rateWindowMs: startMs, rateCount: 1 } }, isOver];
}

/** Counts in the window that another request has begun. */
function next(startMs: number, perSecond: number): [Change, Condition[]] {
  const isOpen = {
    rateWindowMs: { between: [startMs, startMs + CLOCK_TOLERANCE_MS] },
    rateCount: { below: perSecond },
  } as const;
  return [{ add: { rateCount: 1 } }, [isOpen]];
}
