import type { IncomingMessage, ServerResponse } from 'node:http';

/** Pages for people that a server has beside its own answers, such as the inbox. */
export type Page = {
  prefix: string;
  /** `path` is the rest of the path after the prefix, with the query. */
  serve: (request: IncomingMessage, response: ServerResponse, path: string) => void;
};

/** True if a path with its query is the prefix or below it. */
export function isBelow(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`) || path.startsWith(`${prefix}?`);
}
