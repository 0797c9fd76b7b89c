// biome-ignore-all lint/suspicious/noThenProperty: `then` is a field of requests
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRequest } from '../../../functions/core/run/accept/transport.ts';
import { createHttpTransport } from '../../../functions/tasks/http-transport.ts';
import { type ApiClient, createApiClient, FULL_KEY } from '../../helpers/api-client.ts';
import { serveApp } from '../../helpers/served-app.ts';
import { manifest } from '../api/tasks/declared-tasks.ts';

const request = (more: Partial<RunRequest> = {}): RunRequest => ({
  task: 'notification.send',
  args: { userId: 'u1' },
  declared: { name: 'notification.send', priority: 'transactional', keep: true, keepDays: 7 },
  ...more,
});

describe('the HTTP transport on the API', () => {
  let api: ApiClient;
  let server: Awaited<ReturnType<typeof serveApp>>;
  beforeEach(async () => {
    api = await createApiClient(undefined, { tasks: manifest });
    server = await serveApp(api);
  });
  afterEach(() => server.close());
  const transport = () => createHttpTransport({ url: `${server.url}/`, apiKey: FULL_KEY });

  it('makes runs, in order, with all options', async () => {
    // The API's own clock is in this past.
    const dueAtMs = Date.now() + 60_000;
    api.clock.nowMs = Date.now();
    const chain = request({ task: 'users.count', args: undefined });
    const [first, second] = await transport().accept([
      request({ dueAtMs, expiresAtMs: dueAtMs + 1_000, idempotencyKey: 'größe', priority: 'bulk', then: [chain] }),
      request({ dueAtMs: 1 }),
    ]);
    expect((await api.ask('GET', `/runs/${first?.id}`)).body).toMatchObject({
      priority: 'bulk',
      due_at: new Date(dueAtMs).toISOString(),
      expires_at: new Date(dueAtMs + 1_000).toISOString(),
    });
    expect((await api.ask('GET', `/runs/${second?.id}`)).body).toMatchObject({ args: { userId: 'u1' }, due_at: null });
    const again = await transport().accept([request({ idempotencyKey: 'größe', uniqueMs: 60_000 })]);
    expect(again).toEqual([first]);
  });

  it('throws the error of the API', async () => {
    await expect(transport().accept([request({ args: {} })])).rejects.toMatchObject({
      name: 'SendoffError',
      code: 'missing_required_field',
      status: 422,
      retryable: false,
      message: 'Missing `args.userId` field.',
    });
  });

  it('gives a group its members in pieces, and closes it', async () => {
    const members = Array.from({ length: 1_250 }, (_, n) => request({ args: { userId: `u${n}` } }));
    const { id } = await transport().group({ members, then: request({ task: 'users.count' }) });
    expect((await api.ask('GET', `/run-groups/${id}`)).body).toMatchObject({
      closed: true,
      total: 1_250,
      then: { task: 'users.count' },
    });
    const { body } = await api.ask('GET', `/runs?group=${id}&limit=1`);
    expect((await api.ask('GET', `/runs/${body.data[0].id}`)).body.args).toEqual({ userId: 'u0' });
  });

  it('cuts pieces by their bytes, too', async () => {
    const args = { text: 'x'.repeat(20_000) };
    const members = Array.from({ length: 450 }, () => request({ task: 'users.count', args }));
    const { id } = await transport().group({ members });
    expect((await api.ask('GET', `/run-groups/${id}`)).body.total).toBe(450);
  });
});

describe('the HTTP transport on a server that fails', () => {
  let server: Server;
  let answers: (number: number) => { status: number; body?: string; headers?: Record<string, string> } | undefined;
  const bodies: string[] = [];
  const waits: number[] = [];
  beforeEach(async () => {
    bodies.length = 0;
    waits.length = 0;
    server = createServer((incoming, outgoing) => {
      let body = '';
      incoming.on('data', (chunk) => {
        body += chunk;
      });
      incoming.on('end', () => {
        const answer = answers(bodies.push(body));
        if (!answer) return incoming.socket.destroy();
        outgoing.writeHead(answer.status, answer.headers);
        return outgoing.end(answer.body ?? '');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const transport = () =>
    createHttpTransport({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      apiKey: 'k',
      sleep: async (ms) => waits.push(ms),
    });
  const ok = { status: 202, body: '{"object":"run","id":"r"}' };

  it('repeats what was not answered, and 429 and 5xx, as one call', async () => {
    answers = (number) =>
      [
        undefined,
        { status: 503, headers: { 'retry-after': '3' } },
        { status: 429 },
        { status: 500, body: '<html>' },
        ok,
      ][number - 1];
    expect(await transport().accept([request()])).toEqual([{ id: 'r' }]);
    expect([bodies.length, new Set(bodies).size]).toEqual([5, 1]);
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(waits[1]).toBe(3_000);
  });

  it('gives up after five tries, with an error that says whether another call may succeed', async () => {
    answers = () => ({ status: 503, body: '{"name":"application_error","message":"no table"}' });
    await expect(transport().accept([request()])).rejects.toMatchObject({
      status: 503,
      retryable: true,
      message: 'no table',
    });
    expect(bodies).toHaveLength(5);
    answers = () => undefined;
    await expect(transport().accept([request()])).rejects.toMatchObject({ retryable: true, cause: expect.any(Error) });
  });

  it('repeats no refusal, and begins no further call after it', async () => {
    answers = () => ({ status: 422, body: '{"name":"invalid_parameter","message":"no"}' });
    await expect(transport().accept(Array.from({ length: 50 }, () => request()))).rejects.toMatchObject({
      status: 422,
    });
    expect(bodies.length).toBeLessThan(20);
  });
});
