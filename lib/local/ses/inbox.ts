import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SesMessage } from './message.ts';
import type { MessageStore } from './message-store.ts';
import type { Outcome } from './simulator.ts';

/** Handles a request below the inbox's mount point; `path` is what follows it and may carry the query. */
export type InboxHandler = (req: IncomingMessage, res: ServerResponse, path: string) => void;

/** What the inbox shows and empties. */
export type InboxSource = {
  store: MessageStore;
  clear(): Promise<void>;
  simulate(messageId: string, outcome: Outcome): Promise<void>;
  log(line: string): void;
};

type Route = (request: InboxRequest) => void | Promise<void>;
type InboxRequest = { source: InboxSource; res: ServerResponse; url: URL; req: IncomingMessage };

const routes = new Map<string, Route>([
  ['GET /messages', ({ source, res, url }) => sendMessages(source.store.list(pageOf(url)), res)],
  ['DELETE /messages', ({ source, res }) => empty(source, res)],
  ['DELETE /', ({ source, res }) => empty(source, res)],
]);

/** Makes the inbox: what was caught, as JSON. */
export function createInbox(source: InboxSource): InboxHandler {
  return (req, res, path) => {
    const url = new URL(path || '/', 'http://inbox');
    if (!url.search) url.search = new URL(req.url ?? '/', 'http://inbox').search;
    const route = routes.get(`${req.method} ${url.pathname}`);
    if (!route) {
      sendJson(res, 404, { message: `no ${req.method} ${url.pathname} in the inbox` });
      return;
    }
    Promise.resolve(route({ source, res, url, req })).catch((cause: unknown) => {
      source.log(`local SES inbox: ${req.method} ${url.pathname}: ${cause instanceof Error ? cause.stack : cause}`);
      res.destroy();
    });
  };
}

function pageOf(url: URL): { after?: string | undefined; limit?: number | undefined } {
  const limit = Number(url.searchParams.get('limit') ?? Number.NaN);
  return {
    after: url.searchParams.get('after') ?? undefined,
    limit: Number.isInteger(limit) && limit >= 0 ? limit : undefined,
  };
}

/** What `GET /messages` shows of a message; the rest is our own bookkeeping. */
function messageJson({ messageId, envelope, tags, raw, sentAtMs }: SesMessage): string {
  return JSON.stringify({ messageId, envelope, tags, raw, sentAtMs });
}

/** Streamed one message at a time: 10,000 mails with attachments do not fit into one string. */
async function sendMessages(messages: SesMessage[], res: ServerResponse): Promise<void> {
  res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  await pipeline(Readable.from(jsonArray(messages)), res);
}

function* jsonArray(messages: SesMessage[]): Generator<string> {
  let separator = '[';
  for (const message of messages) {
    yield separator + messageJson(message);
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

async function empty(source: InboxSource, res: ServerResponse): Promise<void> {
  await source.clear();
  sendJson(res, 200, { deleted: true });
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}
