import type { Table } from '../../functions/core/ports/table.ts';

/** Where a deployment keeps documents and jobs, as a test looks into it. */
export interface Backing {
  /** The service's own table, as its functions see it. */
  readonly table: Table;
  /** Jobs of the send function that wait, are delayed or are in its hands. */
  jobsLeft(): Promise<number>;
  /** Jobs that the workers gave up. */
  deadLetters(): Promise<number>;
}

/** What of a deployment tells where that is. */
export interface BackingPlace {
  readonly endpoint: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** With `backend=redis`: the database. */
  readonly redis?: { readonly url: string; readonly token: string } | undefined;
}
