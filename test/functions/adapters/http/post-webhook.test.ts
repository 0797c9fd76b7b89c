import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { checkEndpoint, createPostWebhook } from '../../../../functions/adapters/http/post-webhook.ts';

const deployed = { allowLocal: false };
const laptop = { allowLocal: true };
const TIMEOUT_MS = 15_000;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('an endpoint', () => {
  it.each([
    'http://hooks.example.com/',
    'ftp://hooks.example.com/',
    'https://user:pass@hooks.example.com/',
    'hooks.example.com',
    `https://hooks.example.com/${'x'.repeat(2_100)}`,
  ])('is refused: %s', (url) => {
    expect(() => checkEndpoint(url, deployed)).toThrow(/Invalid `endpoint` field/);
  });

  it.each([
    'https://localhost/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://10.0.0.1/',
    'https://172.16.3.4/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://100.64.0.1/',
    'https://0.0.0.0/',
    'https://[::1]/',
    'https://[::]/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[2002:a9fe:a9fe::1]/',
  ])('without a public address is refused: %s', (url) => {
    expect(() => checkEndpoint(url, deployed)).toThrow('is not on the public internet');
  });

  it('on the public internet is accepted, on loopback only on a laptop, on other private networks never', () => {
    expect(checkEndpoint('https://hooks.example.com/a?b=c', deployed).hostname).toBe('hooks.example.com');
    expect(checkEndpoint('https://[2606:4700::1111]/', deployed).hostname).toBe('[2606:4700::1111]');
    for (const url of ['http://localhost:3000/', 'http://127.0.0.1/', 'http://[::1]:80/']) {
      expect(checkEndpoint(url, laptop).href).toBe(url.replace(':80/', '/'));
      expect(() => checkEndpoint(url, deployed)).toThrow();
    }
    for (const url of ['https://10.0.0.1/', 'https://169.254.169.254/'])
      expect(() => checkEndpoint(url, laptop)).toThrow();
    expect(() => checkEndpoint('http://hooks.example.com/', laptop)).toThrow();
  });
});

describe('posting', () => {
  it('never connects to a name that resolves to a private address', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked++;
      response.end();
    });
    const { port } = new URL(url);
    // The name of this machine resolves to loopback, or to an address of its private network.
    const answer = await createPostWebhook(deployed)(`https://${hostname()}:${port}/`, {}, '{}', TIMEOUT_MS);
    expect(answer).toEqual({ status: 0, response: expect.stringMatching(/is not on the public internet$/) });
    expect(asked).toBe(0);
  });

  it('checks again at each attempt: a stored endpoint that is no longer allowed is not connected to', async () => {
    const url = await serve((_request, response) => response.end());
    expect(await createPostWebhook(deployed)(url, {}, '{}', TIMEOUT_MS)).toEqual({
      status: 0,
      response: 'Invalid `endpoint` field: it must be an https URL.',
    });
    expect((await createPostWebhook(laptop)(url, {}, '{}', TIMEOUT_MS)).status).toBe(200);
  });

  it('sends headers and payload, and keeps the first kilobyte of the answer', async () => {
    let got: unknown;
    const url = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      got = [
        request.method,
        request.headers['content-type'],
        request.headers['svix-id'],
        Buffer.concat(chunks).toString(),
      ];
      response.writeHead(201).end('y'.repeat(100_000));
    });
    const answer = await createPostWebhook(laptop)(url, { 'svix-id': 'msg_1' }, '{"ü":1}', TIMEOUT_MS);
    expect(got).toEqual(['POST', 'application/json', 'msg_1', '{"ü":1}']);
    expect(answer).toEqual({ status: 201, response: 'y'.repeat(1_024) });
  });

  it.each([
    ['bytes that are no text', Buffer.alloc(4_000, 0xff)],
    ['characters of three bytes', Buffer.from('€'.repeat(2_000))],
  ])('keeps at most a kilobyte of %s', async (_what, body) => {
    const url = await serve((_request, response) => response.end(body));
    const { response } = await createPostWebhook(laptop)(url, {}, '{}', TIMEOUT_MS);
    expect(Buffer.byteLength(response)).toBe(1_023);
  });

  it('follows no redirect, for example to the metadata service', async () => {
    let hits = 0;
    const target = await serve((_request, response) => {
      hits++;
      response.end('stolen');
    });
    for (const location of ['http://169.254.169.254/latest/meta-data/', target]) {
      const url = await serve((_request, response) => response.writeHead(307, { location }).end());
      expect((await createPostWebhook(laptop)(url, {}, '{}', TIMEOUT_MS)).status).toBe(307);
    }
    expect(hits).toBe(0);
  });

  it('ends when the endpoint hangs, before or in its answer', async () => {
    const silent = await serve(() => {});
    const halting = await serve((_request, response) => void response.writeHead(200).write('a bit'));
    for (const url of [silent, halting])
      expect(await createPostWebhook(laptop)(url, {}, '{}', 200)).toEqual({
        status: 0,
        response: 'no answer within 0.2 s',
        timedOut: true,
      });
  });

  it('reports a refused and a broken connection', async () => {
    const url = await serve((request) => request.socket.destroy());
    expect(await createPostWebhook(laptop)(url, {}, '{}', TIMEOUT_MS)).toEqual({
      status: 0,
      response: 'the connection failed: ECONNRESET',
    });
    expect((await createPostWebhook(laptop)('http://127.0.0.1:1/', {}, '{}', TIMEOUT_MS)).response).toBe(
      'the connection failed: ECONNREFUSED',
    );
  });
});
