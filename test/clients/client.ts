import type { RunningSendoff, SendoffForClient } from './running-sendoff.ts';

/** How a program is started; it prints a line of JSON for each case: `{"case", "ok", "error"}`. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside SENDOFF_URL and its like, and the caller's PATH. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Somebody else's client, or what stands for it. */
export interface Client {
  /** Short, in lower case: what `npm run test:clients -- NAME` selects by. */
  readonly name: string;
  /** Which library in which version; the second column of the table. */
  readonly version: string;
  /** Commands that must be there, each with the packages of Debian that bring it. */
  readonly needs: Readonly<Record<string, readonly string[]>>;
  /** Fetches and compiles what is not in the cache yet. */
  build(): Promise<BuiltClient>;
}

/** A client that can be run against any number of Sendoffs. */
export interface BuiltClient {
  /** How Sendoff runs for this client, where that differs. */
  readonly sendoff?: SendoffForClient;
  program(sendoff: RunningSendoff): Program;
  /** Ends what runs beside the program. */
  close?(): Promise<void>;
}
