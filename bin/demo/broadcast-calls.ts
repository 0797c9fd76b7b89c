import type { LocalSendoff } from '../../lib/local/start.ts';
import { addressOf } from './census.ts';

/** The fields of `GET /broadcasts/{id}` that the demo reads. */
export interface BroadcastState {
  readonly status: string;
  readonly progress: {
    readonly total: number;
    readonly sent: number;
    readonly delivered: number;
    readonly failed: number;
  };
}

type Service = Pick<LocalSendoff, 'cloud' | 'apiKey'>;

/** Up to so many recipients have a name, so that the request stays below 4 MB. */
const WITH_NAMES = 20_000;

const content = {
  from: 'Corner Shop <news@example.com>',
  subject: 'Our spring catalogue, {{{name|dear customer}}}',
  html: '<h1>Hello {{{name|there}}}</h1><p>The spring catalogue is here.</p><p><a href="{{{RESEND_UNSUBSCRIBE_URL}}}">Unsubscribe</a></p>',
};

/** Sends to `count` recipients with one call. */
export async function sendToAll(service: Service, count: number): Promise<{ id: string; answeredMs: number }> {
  const recipients = Array.from({ length: count }, (_, n) => ({
    email: addressOf(n),
    ...(count <= WITH_NAMES ? { variables: { name: `Reader ${n}` } } : {}),
  }));
  const body = JSON.stringify({ ...content, recipients, send: true });
  const startedAtMs = performance.now();
  const { id } = await call<{ id: string }>(service, 'POST', '/broadcasts', body);
  return { id, answeredMs: performance.now() - startedAtMs };
}

export const getBroadcast = (service: Service, id: string) => call<BroadcastState>(service, 'GET', `/broadcasts/${id}`);

export const pauseBroadcast = (service: Service, id: string) => call(service, 'POST', `/broadcasts/${id}/pause`);

export const resumeBroadcast = (service: Service, id: string) => call(service, 'POST', `/broadcasts/${id}/resume`);

async function call<T>({ cloud, apiKey }: Service, method: string, path: string, body?: string): Promise<T> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${cloud.apiUrl}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
