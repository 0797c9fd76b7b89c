import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFetchFile, type FetchOptions, fetchFile } from '../../../../functions/adapters/http/fetch-file.ts';
import { isPublicAddress, privateAddressError } from '../../../../functions/adapters/http/public-address.ts';
import { composeMime } from '../../../../functions/adapters/mime/compose.ts';
import type { Attachment } from '../../../../functions/core/email/email.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../../../fixtures/tls', name), 'utf8');
const ca = fixture('cert.pem');

let answer: RequestListener;
const requested: string[] = [];
const server = createServer({ key: fixture('key.pem'), cert: ca }, (request, response) => {
  requested.push(request.url ?? '');
  answer(request, response);
});
const sockets = new Set<Duplex>();
server.on('connection', (socket) => sockets.add(socket));
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  requested.length = 0;
  answer = (_request, response) => response.end('file');
});

/** The internet of these tests: *.example is this server, except private.example, which has a private address. */
const lookup: LookupFunction = (hostname, options, callback) => {
  if (hostname === 'private.example') return callback(privateAddressError(hostname), []);
  if (!hostname.endsWith('.example')) return callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []);
  return options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
};
const fetching =
  (options: FetchOptions) =>
  (url: string, maxBytes: number, signal = new AbortController().signal) =>
    createFetchFile(options)(url, maxBytes, signal);
const fetch = fetching({ lookup, ca, isPublic: isPublicAddress });
/** Composes an email with these files, which must be fetched within this time. */
const compose = (attachments: Attachment[], fetchMs: number) => {
  const record = { id: 'id', from: 'a@example.com', to: ['b@example.com'], subject: '', createdAtMs: 0 };
  const rest = { status: 'queued', fingerprint: '', queue: 'bulk', attempts: 0, timeline: [] } as const;
  return composeMime({ ...record, ...rest }, { text: 'x', headers: {}, attachments }, fetch, fetchMs);
};
const at = (path = '/', host = 'files.example') => `https://${host}:${port}${path}`;
const redirecting =
  (to: (path: string) => string, status = 302): RequestListener =>
  ({ url = '' }, response) =>
    response.writeHead(status, { location: to(url) }).end();

describe('fetchFile', () => {
  it('answers the bytes and the content type of the server', async () => {
    answer = (_request, response) =>
      response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([0, 255, 10]));
    expect(await fetch(at('/a.png'), 100)).toEqual({ bytes: Buffer.from([0, 255, 10]), contentType: 'image/png' });
    answer = (_request, response) => response.end();
    expect(await fetch(at(), 100)).toEqual({ bytes: Buffer.alloc(0) });
  });

  it('takes at most the given bytes, whatever the server announces', async () => {
    answer = (_request, response) => response.end('x'.repeat(1_000));
    expect((await fetch(at(), 1_000)).bytes).toHaveLength(1_000);
    await expect(fetch(at(), 999)).rejects.toMatchObject({ code: 'invalid_attachment', status: 422, retryable: false });
  });

  it('stops reading a file without an end', async () => {
    const closed = Promise.withResolvers<void>();
    answer = (_request, response) => {
      const write = () => {
        while (response.write('x'.repeat(10_000)));
      };
      response.on('drain', write).on('close', closed.resolve);
      write();
    };
    await expect(fetch(at(), 50_000)).rejects.toThrow('larger than 50000 bytes');
    await closed.promise;
  });

  it('follows three redirects, not four, to any public host', async () => {
    const hop = (path: string) => at(`/${Number(path.slice(1)) + 1}`, 'other.example');
    answer = (request, response) =>
      request.url === '/3' ? response.end('there') : redirecting(hop)(request, response);
    expect((await fetch(at('/0'), 100)).bytes.toString()).toBe('there');
    expect(requested).toEqual(['/0', '/1', '/2', '/3']);
    answer = redirecting(hop);
    await expect(fetch(at('/0'), 100)).rejects.toMatchObject({ code: 'invalid_attachment', retryable: false });
  });

  it('follows a relative redirect', async () => {
    answer = (request, response) =>
      request.url === '/b' ? response.end('there') : redirecting(() => 'b', 307)(request, response);
    expect((await fetch(at('/a'), 100)).bytes.toString()).toBe('there');
  });

  it.each([
    ['the metadata service', 'https://169.254.169.254/latest/meta-data/', 'security_error'],
    ['loopback', 'https://127.0.0.1/', 'security_error'],
    ['loopback in short', 'https://127.1/', 'security_error'],
    ['loopback as a number', 'https://2130706433/', 'security_error'],
    ['loopback in hexadecimal', 'https://0x7f.0.0.1/', 'security_error'],
    ['loopback in IPv6', 'https://[::1]/', 'security_error'],
    ['IPv4 in IPv6', 'https://[::ffff:169.254.169.254]/', 'security_error'],
    ['a private network', 'https://10.0.0.1/', 'security_error'],
    ['a name of a private address', 'https://private.example/', 'security_error'],
    ['http', 'http://files.example/', 'invalid_attachment'],
    ['a file', 'file:///etc/passwd', 'invalid_attachment'],
    ['no URL', 'https://', 'invalid_attachment'],
  ])('does not fetch %s, neither directly nor by a redirect', async (_what, target, code) => {
    answer = redirecting(() => target);
    await expect(fetch(at(), 100)).rejects.toMatchObject({ name: 'SendoffError', code, retryable: false });
    expect(requested).toHaveLength(1);
    if (URL.canParse(target)) await expect(fetch(target, 100)).rejects.toMatchObject({ code, retryable: false });
  });

  it.each([400, 401, 403, 404, 410, 204, 304])('ends at once when the server answers %i', async (status) => {
    answer = (_request, response) => response.writeHead(status).end();
    await expect(fetch(at(), 100)).rejects.toMatchObject({
      retryable: false,
      message: `Attachment: files.example answered ${status}`,
    });
  });

  it.each([429, 500, 502, 503])('can be retried when the server answers %i', async (status) => {
    answer = (_request, response) => response.writeHead(status).end();
    await expect(fetch(at(), 100)).rejects.toMatchObject({ retryable: true, status: 503 });
  });

  it('can be retried when the name is unknown, or the connection breaks before or in the answer', async () => {
    await expect(fetch('https://nowhere.invalid/', 100)).rejects.toMatchObject({ retryable: true });
    answer = (request) => request.socket.destroy();
    await expect(fetch(at(), 100)).rejects.toMatchObject({ retryable: true });
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write('half', () => response.destroy());
    };
    await expect(fetch(at(), 10_000)).rejects.toMatchObject({ retryable: true });
  });

  const patience = { timeout: 20_000 };
  const drip: RequestListener = (_request, response) => {
    const timer = setInterval(() => response.write('.'), 5);
    response.on('close', () => clearInterval(timer));
  };
  const late = expect.objectContaining({
    retryable: true,
    status: 503,
    message: 'Attachment: files.example did not send the file in time',
  });

  it.each<[string, RequestListener]>([
    ['says nothing', () => {}],
    ['sends half', (_request, response) => void response.write('half')],
    ['sends a byte now and then', drip],
  ])('does not wait for a server that %s; the error names the host, not the path', async (_what, listener) => {
    answer = listener;
    const closed = new Promise((resolve) => server.once('connection', (socket) => socket.on('close', resolve)));
    await expect(fetching({ lookup, ca, timeoutMs: 50 })(at('/secret'), 1_000)).rejects.toEqual(late);
    const end = new AbortController();
    const ended = fetch(at('/ended'), 1_000, end.signal);
    await expect.poll(() => requested, patience).toContain('/ended');
    end.abort();
    await expect(ended).rejects.toEqual(late);
    await closed;
  });

  it('does not wait for a name that does not resolve, nor for a connection that does not begin', async () => {
    const silent: LookupFunction = () => {};
    await expect(fetching({ lookup: silent, ca, timeoutMs: 50 })(at(), 100)).rejects.toEqual(late);
    const deaf = createTcpServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const url = `https://files.example:${(deaf.address() as AddressInfo).port}/`;
    await expect(fetching({ lookup, ca, timeoutMs: 50 })(url, 100)).rejects.toEqual(late);
    deaf.close();
  });

  it('has one time for a file and all its redirects', async () => {
    answer = (request, response) =>
      void setTimeout(
        () => redirecting((path) => at(`/${Number(path.slice(1)) + 1}`))(request, response),
        Number(request.url?.slice(1)) < 3 ? 60 : 0,
      );
    await expect(fetching({ lookup, ca, timeoutMs: 150 })(at('/0'), 100)).rejects.toEqual(late);
  });

  it('has one time for all attachments of an email, and stops all of them at its end', async () => {
    answer = drip;
    const attachments = Array.from({ length: 100 }, (_, n) => ({ path: at(`/file-${n}`) }));
    await expect(compose(attachments, 50)).rejects.toEqual(late);
    expect(requested.filter((path) => path.startsWith('/file-')).length).toBeLessThanOrEqual(4);
  });

  it('stops the other attachments of an email when one cannot be fetched', async () => {
    const others = ['/other-1', '/other-2', '/other-3'];
    const ends: Promise<unknown>[] = [];
    answer = (request, response) => {
      if (request.url === '/gone')
        return void expect
          .poll(() => ends, patience)
          .toHaveLength(3)
          .then(() => response.writeHead(404).end());
      // An aborted request of an earlier test may still arrive.
      if (!others.includes(request.url ?? '')) return void response.destroy();
      ends.push(new Promise((resolve) => response.on('close', resolve)));
      drip(request, response);
    };
    const attachments = ['/gone', ...others].map((path) => ({ path: at(path) }));
    await expect(compose(attachments, 20_000)).rejects.toMatchObject({ status: 422 });
    await Promise.all(ends);
  });

  it('does not trust a certificate of an unknown authority', async () => {
    await expect(fetching({ lookup })(at(), 100)).rejects.toMatchObject({ retryable: true });
    expect(requested).toEqual([]);
  });

  it('reaches nothing on this machine with the options of a deployment', async () => {
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      await expect(fetchFile(at('/', host), 100, new AbortController().signal)).rejects.toMatchObject({
        code: 'security_error',
        status: 451,
      });
    expect(requested).toEqual([]);
  });
});
