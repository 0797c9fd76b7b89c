import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SESClient } from '@aws-sdk/client-ses';
import { onTestFinished } from 'vitest';
import { createSes, type Ses } from '../../../../../lib/local/cloud/ses/ses.ts';
import type { SesOptions } from '../../../../../lib/local/cloud/ses/ses-options.ts';

/** A local SES over HTTP and the real client; both are closed after the test. */
export async function startSes(options: SesOptions = {}): Promise<{ ses: Ses; client: SESClient; inbox: string }> {
  const ses = await createSes({ log: (line) => expectNoFault(line), ...options });
  const server = createServer((req, res) => {
    const path = req.url ?? '/';
    if (path.startsWith('/inbox')) {
      ses.inbox(req, res, path.slice('/inbox'.length));
      return;
    }
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', async () => {
      const params = new URLSearchParams(Buffer.concat(chunks).toString());
      const { status, body, contentType } = await ses.query(params, { functionName: 'send-function' });
      res.writeHead(status, { 'content-type': contentType }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new SESClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await ses.close();
  });
  return { ses, client, inbox: `http://127.0.0.1:${port}/inbox` };
}

/** Errors that the emulator logs fail the test, unless it passes its own `log`. */
function expectNoFault(line: string): never {
  throw new Error(`the local SES logged: ${line}`);
}

/** A small raw message; `lines` replace or add headers (`Name: value`), `body` is the text. */
export function rawMessage({ headers = [] as string[], body = 'Hello' } = {}): Buffer {
  const given = new Set(headers.map((header) => header.split(':')[0]?.toLowerCase()));
  const usual = ['From: Ada <ada@example.com>', 'To: bob@example.net', 'Subject: Hi', 'MIME-Version: 1.0'];
  const lines = [...usual.filter((header) => !given.has(header.split(':')[0]?.toLowerCase())), ...headers];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}\r\n`, 'latin1');
}
