import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One webhook as it arrived. */
export interface Received {
  /** The path it was posted to. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly payload: string;
  // biome-ignore lint/suspicious/noExplicitAny: the assertions examine it field by field.
  readonly event: any;
}

/** A webhook receiver on loopback. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Sets the answer from now on; with `hang` there is none. */
  answer: { status: number; body?: string; headers?: Record<string, string> } | 'hang';
  /** Resolves with the first webhook, received or not yet, for which this holds. */
  waitFor(matches: (received: Received) => boolean): Promise<Received>;
  close(): Promise<void>;
}

/** Starts a receiver that answers 200. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let waiting: { matches: (one: Received) => boolean; resolve: (one: Received) => void }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const payload = Buffer.concat(chunks).toString();
    const one = { path: request.url ?? '', headers: request.headers, payload, event: JSON.parse(payload) };
    received.push(one);
    for (const { matches, resolve } of waiting) if (matches(one)) resolve(one);
    waiting = waiting.filter(({ matches }) => !matches(one));
    if (receiver.answer === 'hang') return;
    response.writeHead(receiver.answer.status, receiver.answer.headers).end(receiver.answer.body ?? 'ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    answer: { status: 200 },
    waitFor: (matches) =>
      new Promise((resolve) => {
        const past = received.find(matches);
        if (past) resolve(past);
        else waiting.push({ matches, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return receiver;
}
