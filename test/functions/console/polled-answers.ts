import { vi } from 'vitest';

/** A page without a browser: what polls read of `document`, and a `fetch` that is answered by hand. */
export function pageWithoutBrowser() {
  const listeners = new Set<() => void>();
  const page = {
    hidden: false,
    addEventListener: (_: string, listener: () => void) => listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => listeners.delete(listener),
  };
  const fetched = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();
  vi.stubGlobal('document', page);
  vi.stubGlobal('location', { pathname: '/prod/console', hash: '' });
  vi.stubGlobal('fetch', fetched);
  const show = (visible: boolean) => {
    page.hidden = !visible;
    for (const listener of listeners) listener();
  };
  return { fetched, show };
}

export const json = (body: unknown, { status = 200, headers = {} }: { status?: number; headers?: object } = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

export const header = (init: RequestInit | undefined, name: string) => new Headers(init?.headers).get(name);
