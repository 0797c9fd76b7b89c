import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** Where attachments' paths lead; `reach-outside.cjs` takes the functions to the server of `startOutside` instead. */
export const FILE_HOST = 'files.example.com';
/** What is to be had there under any path. */
export const FILE_TEXT = 'Grüße aus dem Netz\n';

const WAIT_MS = 15_000;

/** A webhook as it arrived, with what clients verify. */
interface Hook {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly payload: string;
}

/**
 * The rest of the internet, on loopback: takes webhooks at `POST /hook`, answers the first one about an email to
 * `GET /hook/{emailId}` (waiting up to 15 s, then 404), and serves a file at every other path.
 */
export async function startOutside(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const hooks = new Map<string, PromiseWithResolvers<Hook>>();
  const hookOf = (emailId: string) => {
    const hook = hooks.get(emailId) ?? Promise.withResolvers<Hook>();
    hooks.set(emailId, hook);
    return hook;
  };
  const server = createServer((request, response) => {
    const emailId = request.url?.match(/^\/hook\/(.+)$/)?.[1];
    if (request.method === 'POST') takeHook(request, response, hookOf);
    else if (emailId) answerHook(hookOf(emailId).promise, response);
    else response.setHeader('content-type', 'text/plain').end(FILE_TEXT);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function takeHook(
  request: IncomingMessage,
  response: ServerResponse,
  hookOf: (emailId: string) => PromiseWithResolvers<Hook>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const payload = Buffer.concat(chunks).toString();
  const header = (name: string) => String(request.headers[`svix-${name}`]);
  const hook = { id: header('id'), timestamp: header('timestamp'), signature: header('signature'), payload };
  hookOf(JSON.parse(payload).data.email_id).resolve(hook);
  response.end('ok');
}

async function answerHook(hook: Promise<Hook>, response: ServerResponse): Promise<void> {
  const found = await Promise.race([hook, setTimeout(WAIT_MS, undefined, { ref: false })]);
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(found ?? {}));
}
