import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { isOutcome } from '../events/event-details.ts';
import type { SesMessage } from '../message.ts';
import type { MessageStore } from '../message-store.ts';
import type { SesSettings } from '../ses-options.ts';
import { parseSettings } from '../settings.ts';
import type { Outcome } from '../simulator.ts';
import { mailContentSecurityPolicy, mailHtml } from './html.ts';
import { attachmentBytes, mailDetail, parseMime, summaryOf } from './mail.ts';
import { type InboxPage, readInboxPage } from './page.ts';
import { send, sendJson } from './response.ts';

/** The parts of SES that the inbox uses. */
export type InboxSource = {
  store: MessageStore;
  clear(): Promise<void>;
  simulate(messageId: string, outcome: Outcome): Promise<void>;
  settings(): SesSettings;
  set(settings: SesSettings): void;
  log(line: string): void;
};

type InboxRequest = {
  source: InboxSource;
  req: IncomingMessage;
  res: ServerResponse;
  url: URL;
  /** The groups of the route's pattern, decoded. */
  parts: string[];
};
type Run = (request: InboxRequest) => void | Promise<void>;
type InboxRoute = { method: string; pattern: RegExp; run: Run };

/** Most lines in the page's list. */
const MAX_SUMMARIES = 500;
/** The policy for downloads and text: no content is active. */
const inertPolicy = { 'content-security-policy': "default-src 'none'; sandbox" };

/** The routes of the inbox. */
export const inboxRoutes: InboxRoute[] = [
  { method: 'GET', pattern: /^\/$/, run: sendPage },
  { method: 'DELETE', pattern: /^\/(?:messages)?$/, run: empty },
  { method: 'GET', pattern: /^\/messages$/, run: sendMessages },
  { method: 'GET', pattern: /^\/summaries$/, run: sendSummaries },
  { method: 'GET', pattern: /^\/messages\/([^/]+)$/, run: forMessage(sendDetail) },
  { method: 'GET', pattern: /^\/messages\/([^/]+)\/html$/, run: forMessage(sendHtml) },
  { method: 'GET', pattern: /^\/messages\/([^/]+)\/raw$/, run: forMessage(sendRaw) },
  { method: 'GET', pattern: /^\/messages\/([^/]+)\/attachments\/(\d+)$/, run: forMessage(sendAttachment) },
  { method: 'POST', pattern: /^\/messages\/([^/]+)\/events$/, run: forMessage(report) },
  { method: 'GET', pattern: /^\/settings$/, run: sendSettings },
  { method: 'PATCH', pattern: /^\/settings$/, run: changeSettings },
];

function forMessage(run: (message: SesMessage, request: InboxRequest) => void | Promise<void>): Run {
  return (request) => {
    const message = request.source.store.get(request.parts[0] ?? '');
    if (message) return run(message, request);
    sendJson(request.res, 404, { message: `The inbox keeps no message ${request.parts[0]}.` });
  };
}

let page: InboxPage | undefined;

function sendPage({ res }: InboxRequest): void {
  page ??= readInboxPage();
  send(res, 200, 'text/html; charset=utf-8', page.html, { 'content-security-policy': page.contentSecurityPolicy });
}

async function empty({ source, res }: InboxRequest): Promise<void> {
  await source.clear();
  sendJson(res, 200, { deleted: true });
}

/** Streamed one message at a time: 10,000 mails with attachments do not fit into one string. */
async function sendMessages({ source, res, url }: InboxRequest): Promise<void> {
  const limit = Number(url.searchParams.get('limit') ?? Number.NaN);
  const messages = source.store.list({
    after: url.searchParams.get('after') ?? undefined,
    limit: Number.isInteger(limit) && limit >= 0 ? limit : undefined,
  });
  res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  await pipeline(Readable.from(jsonArray(messages)), res);
}

function* jsonArray(messages: SesMessage[]): Generator<string> {
  let separator = '[';
  for (const { messageId, envelope, tags, raw, sentAtMs } of messages) {
    yield separator + JSON.stringify({ messageId, envelope, tags, raw, sentAtMs });
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

/** The page asks every second: as long as nothing changed the answer is 304 and costs nothing. */
function sendSummaries({ source, req, res }: InboxRequest): void {
  const etag = `"${source.store.version}"`;
  const headers = { etag, 'cache-control': 'no-cache' };
  if (req.headers['if-none-match'] === etag) {
    res.writeHead(304, headers).end();
    return;
  }
  const messages = source.store.list();
  const newest = messages.slice(-MAX_SUMMARIES).reverse().map(summaryOf);
  sendJson(res, 200, { keptCount: messages.length, messages: newest }, headers);
}

async function sendDetail(message: SesMessage, { res }: InboxRequest): Promise<void> {
  sendJson(res, 200, await mailDetail(message));
}

async function sendHtml(message: SesMessage, { res }: InboxRequest): Promise<void> {
  const html = mailHtml(await parseMime(message));
  if (html === undefined) sendJson(res, 404, { message: `Message ${message.messageId} has no HTML part.` });
  else send(res, 200, 'text/html; charset=utf-8', html, { 'content-security-policy': mailContentSecurityPolicy });
}

function sendRaw(message: SesMessage, { res }: InboxRequest): void {
  send(res, 200, 'text/plain', Buffer.from(message.raw, 'latin1'), inertPolicy);
}

async function sendAttachment(message: SesMessage, { res, parts }: InboxRequest): Promise<void> {
  const attachment = (await parseMime(message)).attachments[Number(parts[1])];
  if (!attachment) {
    sendJson(res, 404, { message: `Message ${message.messageId} has no attachment ${parts[1]}.` });
    return;
  }
  const name = encodeURIComponent(attachment.filename ?? 'unnamed').replaceAll("'", '%27');
  send(res, 200, 'application/octet-stream', attachmentBytes(attachment), {
    ...inertPolicy,
    'content-disposition': `attachment; filename*=UTF-8''${name}`,
  });
}

function sendSettings({ source, res }: InboxRequest): void {
  sendJson(res, 200, source.settings());
}

async function changeSettings({ source, req, res }: InboxRequest): Promise<void> {
  if (refusedType(req, res)) return;
  const parsed = parseSettings(await text(req));
  if ('refusal' in parsed) return sendJson(res, 422, { message: parsed.refusal });
  source.set(parsed.settings);
  sendJson(res, 200, source.settings());
}

/** Only JSON is taken, so that a page of another origin cannot send it here without asking first. */
function refusedType(req: IncomingMessage, res: ServerResponse): boolean {
  if (req.headers['content-type'] === 'application/json') return false;
  sendJson(res, 415, { message: 'Send application/json.' });
  return true;
}

async function report(message: SesMessage, { source, req, res }: InboxRequest): Promise<void> {
  if (refusedType(req, res)) return;
  const outcome = readOutcome(await text(req));
  if (outcome === undefined || !isOutcome(outcome)) {
    sendJson(res, 422, { message: 'Post {"outcome": "…"} with an outcome such as opened, clicked or bounced.' });
    return;
  }
  await source.simulate(message.messageId, outcome);
  sendJson(res, 200, { reported: outcome });
}

function readOutcome(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed && 'outcome' in parsed ? String(parsed.outcome) : undefined;
  } catch {
    return undefined;
  }
}
