import type { Table } from '../../core/ports/table.ts';
import { isEnded, type RunRecord, runKey } from '../../core/run/run.ts';

/** The longest wait of `GET /runs/{id}?wait=`: API Gateway gives up after 29 s, the function after 28 s. */
export const MAX_WAIT_SECONDS = 20;

/** The first wait between two looks at a run; each is longer by this factor, up to the longest. 20 s are 15 looks. */
const FIRST_WAIT_MS = 250;
const FACTOR = 1.4;
const LONGEST_WAIT_MS = 2_000;

interface Waiting {
  readonly backend: { readonly table: Pick<Table, 'getMany'> };
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Waits until the run has ended or `waitMs` are over; answers the run as it is then. Reads may lag, which costs half on DynamoDB. */
export async function untilEnded(
  found: RunRecord,
  waitMs: number,
  { backend, now, sleep }: Waiting,
): Promise<RunRecord> {
  const deadlineMs = now() + waitMs;
  let run = found;
  for (let pauseMs = FIRST_WAIT_MS; !isEnded(run); pauseMs = Math.min(pauseMs * FACTOR, LONGEST_WAIT_MS)) {
    const leftMs = deadlineMs - now();
    if (leftMs <= 0) return run;
    await sleep(Math.min(pauseMs, leftMs));
    const [seen] = await backend.table.getMany<RunRecord>([runKey(run.id)], { mayLag: true });
    // It may have expired, or the read lags behind its accept.
    run = seen ?? run;
  }
  return run;
}
