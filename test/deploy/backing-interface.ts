import type { Table } from '../../functions/core/ports/table.ts';

/** A test's access to the documents and jobs of a deployment. */
export interface Backing {
  /** The service's own table, as its functions see it. */
  readonly table: Table;
  /** The number of jobs that send emails: waiting, delayed or in flight. */
  jobsLeft(): Promise<number>;
  /** The number of jobs in the dead-letter queue. */
  deadLetters(): Promise<number>;
}

/** Where to find them. */
export interface BackingPlace {
  readonly endpoint: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** With `backend=redis`: the database. */
  readonly redis?: { readonly url: string; readonly token: string } | undefined;
}
