import type { LocalSendoff } from '../../lib/local/start.ts';
import type { Request } from '../flows/request.ts';

/** Sendoff on the local cloud. */
export interface EmptyDeployment extends LocalSendoff {
  readonly request: Request;
  /** Posts, and answers the id of what was made. Throws if the API refuses. */
  make(path: string, body?: object): Promise<string>;
  readonly consoleUrl: string;
  /** Closes something before the cloud. */
  onClose(close: () => Promise<void>): void;
}
