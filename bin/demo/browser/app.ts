import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { LocalSendoff } from '../../../lib/local/start.ts';
import type { CallHistory, Step } from './steps.ts';

/** The two ways to send that the page compares. */
export type Way = 'inside' | 'sendoff';

/** The answer to a click. */
export interface Sent {
  readonly id: string;
  /** The time in the app, until its answer. */
  readonly request: Step;
}

/** The mail server's time to answer that the page offers, in ms. */
export const LATENCY = { least: 100, usual: 300, most: 500 } as const;

interface AppParts {
  readonly local: LocalSendoff;
  /** The URL that sends inside the request. */
  readonly synchronousUrl: string;
  readonly history: CallHistory;
}

const email = {
  from: 'Shop <shop@example.com>',
  to: ['success@simulator.amazonses.com'],
  subject: 'Thank you for your order',
  html: '<h1>Thank you</h1><p>Your order is on its way.</p>',
  text: 'Thank you. Your order is on its way.',
};

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
  'x-content-type-options': 'nosniff',
};

const nowMs = () => performance.timeOrigin + performance.now();

/** Starts the app of the demo on a free port of loopback: a page with two buttons, and the requests behind them. */
export async function startDemoApp(parts: AppParts): Promise<{ url: string; close(): Promise<void> }> {
  const files = pageFiles();
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (request.method === 'GET' && file)
      return void response.writeHead(200, { ...HEADERS, ...file.type }).end(file.text);
    answer(parts, request)
      .then((value) => json(response, value === undefined ? 404 : 200, value ?? { message: 'There is no such page.' }))
      .catch((error) => json(response, 500, { message: String(error) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

function pageFiles(): ReadonlyMap<string, { readonly text: string; readonly type: { 'content-type': string } }> {
  const folder = join(import.meta.dirname, 'page');
  const entry = join(folder, 'page.ts');
  const built = buildSync({ entryPoints: [entry], bundle: true, format: 'esm', target: 'es2022', write: false });
  const file = (type: string, text: string) => ({ text, type: { 'content-type': `${type}; charset=utf-8` } });
  return new Map([
    ['/', file('text/html', readFileSync(join(folder, 'index.html'), 'utf8'))],
    ['/page.css', file('text/css', readFileSync(join(folder, 'page.css'), 'utf8'))],
    ['/page.js', file('text/javascript', built.outputFiles[0]?.text ?? '')],
  ]);
}

async function answer(parts: AppParts, request: IncomingMessage): Promise<unknown> {
  const [, what, given = '', last] = (request.url ?? '').split('/');
  if (request.method === 'POST' && what === 'send')
    return await send(parts, given === 'sendoff' ? 'sendoff' : 'inside');
  if (request.method === 'PUT' && what === 'latency') {
    const latencyMs = Math.min(Math.max(Number(given) || LATENCY.usual, LATENCY.least), LATENCY.most);
    parts.local.cloud.ses.set({ latencyMs });
    return { latencyMs };
  }
  if (what === 'steps') return await parts.history.stepsOf(given, last === 'delivered' ? 'delivered' : 'ses');
  return undefined;
}

async function send({ local, synchronousUrl }: AppParts, way: Way): Promise<Sent> {
  const receivedAtMs = nowMs();
  const { cloud, apiKey } = local;
  const url = way === 'inside' ? synchronousUrl : `${cloud.apiUrl}/emails`;
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(email) });
  const { id } = (await response.json()) as { id: string };
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return { id, request: { name: 'request', startMs: receivedAtMs, endMs: nowMs() } };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(value));
}
