import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** How a server fails to answer: never, half of the answer and no more, or a byte now and then without an end. */
export type Fault = 'silent' | 'half' | 'drip';

export const faults: readonly Fault[] = ['silent', 'half', 'drip'];

/** A server that answers as `answer` says, or fails to. */
export interface FaultyServer {
  readonly port: number;
  fault: Fault | undefined;
  answer: { readonly headers?: Readonly<Record<string, string>>; readonly body: string };
  close(): Promise<void>;
}

const DRIP_MS = 20;

/** Starts a server on a free port of 127.0.0.1; with a key and a certificate it speaks TLS. */
export async function startFaultyServer(tls?: { readonly key: string; readonly cert: string }): Promise<FaultyServer> {
  const listener: RequestListener = (request, response) => {
    request.resume();
    request.on('end', () => respond(faulty, response));
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const faulty: FaultyServer = {
    port: (server.address() as AddressInfo).port,
    fault: undefined,
    answer: { body: '' },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return faulty;
}

function respond({ fault, answer: { headers, body } }: FaultyServer, response: ServerResponse): void {
  if (fault === 'silent') return;
  const length = Buffer.byteLength(body);
  if (fault === undefined) return void response.writeHead(200, { ...headers, 'content-length': length }).end(body);
  // White space before an answer: no parser would refuse what has arrived so far.
  response.writeHead(200, { ...headers, 'content-length': length + 1_000_000 });
  response.write(' ');
  if (fault === 'half') return;
  const timer = setInterval(() => response.write(' '), DRIP_MS);
  response.on('close', () => clearInterval(timer));
}

/** A port whose connections are never accepted, as the queue of the kernel is full: what connects waits. */
export async function startFullServer(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen(0, '127.0.0.1', 1, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  // The kernel accepts one connection more than the backlog.
  const waiting = await Promise.all([connected(port), connected(port)]);
  return {
    port,
    close: async () => {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    },
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
}
