import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { PUBLIC_ROUTES, READING_ROUTES, SENDING_ROUTES } from '../../../functions/api/access.ts';
import { authenticate, type Caller } from '../../../functions/api/authenticate.ts';
import { putApiKey } from '../../../functions/core/access/api-key.ts';
import { createApiClient, FULL_KEY, SENDING_KEY } from '../../helpers/api-client.ts';

const READING_KEY = 'so_reading';
const client = await createApiClient();
await putApiKey(client.backend.table, READING_KEY, { name: 'Reading', permission: 'read_access' }, 0);

/** Every route of the real app, as the router has it. */
const routes = client.app.routes
  .filter(({ method }) => method !== 'ALL')
  .map(({ method, path }) => ({ method, path, name: `${method} ${path}` }));
const named = (names: readonly string[]) => routes.filter(({ name }) => names.includes(name));
const notNamed = (names: readonly string[]) => routes.filter(({ name }) => !names.includes(name));
const publicRoutes = Object.keys(PUBLIC_ROUTES);

/** A path of the router with `x` for each parameter. */
const withoutParameters = (path: string) => path.replace(/:\w+(\{.+\})?/g, 'x');

/** Asks for a route with this key or with none. */
const ask = (method: string, path: string, key?: string) =>
  client.ask(method, withoutParameters(path), undefined, { authorization: key ? `Bearer ${key}` : '' });

/** True if the answer is about the key: the request did not reach its route. */
const isRefused = ({ body }: { body?: { name?: string } }) =>
  ['missing_api_key', 'invalid_api_key', 'restricted_api_key'].includes(body?.name ?? '');

describe('every route of the app', () => {
  it('is found by this test', () => {
    expect(routes.length).toBeGreaterThan(30);
    expect(named(publicRoutes).map(({ name }) => name)).toEqual(expect.arrayContaining(publicRoutes));
    expect(named(SENDING_ROUTES).map(({ name }) => name)).toEqual(expect.arrayContaining([...SENDING_ROUTES]));
  });

  it.each(notNamed(publicRoutes))('$name asks for a key, because it is not listed as public', async (route) => {
    expect(await ask(route.method, route.path)).toMatchObject({ status: 401, body: { name: 'missing_api_key' } });
    const wrong = await ask(route.method, route.path, 're_wrong');
    expect(wrong).toMatchObject({ status: 403, body: { name: 'invalid_api_key' } });
  });

  it.each(named(publicRoutes))('$name asks for no key, because it is listed as public', async ({ method, path }) => {
    const { status } = await client.app.request(withoutParameters(path), { method });
    expect([401, 403]).not.toContain(status);
  });

  it.each(notNamed([...publicRoutes, ...SENDING_ROUTES]))('$name refuses a key that may only send', async (route) => {
    const answer = await ask(route.method, route.path, SENDING_KEY);
    expect(answer).toMatchObject({ status: 401, body: { name: 'restricted_api_key' } });
  });

  it.each(named(SENDING_ROUTES))('$name takes a key that may only send', async ({ method, path }) => {
    expect(isRefused(await ask(method, path, SENDING_KEY))).toBe(false);
  });

  const reads = ({ method, name }: (typeof routes)[number]) =>
    method === 'GET' || READING_ROUTES.some((route) => route === name);

  it.each(notNamed(publicRoutes).filter(reads))('$name takes a key that may only read', async ({ method, path }) => {
    expect(isRefused(await ask(method, path, READING_KEY))).toBe(false);
  });

  it.each(notNamed(publicRoutes).filter((route) => !reads(route)))(
    '$name refuses a key that may only read',
    async ({ method, path }) => {
      const answer = await ask(method, path, READING_KEY);
      expect(answer).toMatchObject({ status: 403, body: { name: 'restricted_api_key' } });
    },
  );

  it.each(notNamed(publicRoutes))('$name takes a key with full access', async ({ method, path }) => {
    expect(isRefused(await ask(method, path, FULL_KEY))).toBe(false);
  });
});

describe('a route that someone adds', () => {
  const secured = () => {
    const app = new Hono<Caller>();
    app.onError((error, context) => context.json({ name: 'code' in error ? error.code : 'error' }, 401));
    app.use(authenticate({ table: client.backend.table, now: () => client.clock.nowMs, log: client.log }));
    return app;
  };
  const names = async (app: Hono<Caller>, path: string, init: RequestInit = {}) =>
    ((await (await app.request(path, init)).json()) as { name: string }).name;

  it('asks for a key without saying so, whatever its path and its methods', async () => {
    const app = secured();
    const inner = new Hono<Caller>().get('/', (context) => context.json({ name: 'open' }));
    app.route('/new', inner).all('/any', (context) => context.json({ name: 'open' }));
    app.get('/health/details', (context) => context.json({ name: 'open' }));
    app.post('/health', (context) => context.json({ name: 'open' }));
    for (const path of ['/new', '/any', '/health/details']) expect(await names(app, path)).toBe('missing_api_key');
    expect(await names(app, '/health', { method: 'POST' })).toBe('missing_api_key');
    const headers = { authorization: `Bearer ${SENDING_KEY}` };
    expect(await names(app, '/new', { headers })).toBe('restricted_api_key');
  });

  it('asks for a key where a public route has the same path, too', async () => {
    const app = secured();
    app.get('/unsubscribe/:all{.+}', (context) => context.json({ name: 'open' }));
    app.get('/unsubscribe/:token', (context) => context.json({ name: 'open' }));
    expect(await names(app, '/unsubscribe/1')).toBe('missing_api_key');
  });
});
