import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SendRawEmailCommand } from '@aws-sdk/client-ses';
import { describe, expect, it, onTestFinished } from 'vitest';
import { rawMessage, startSes } from './ses-server.ts';

type Received = { from: string; to: string[]; mime: string };

/** The least of SMTP that a client needs to hand over a mail. */
async function startSmtpServer(): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let mail: Received = { from: '', to: [], mime: '' };
    let inMime = false;
    let pending = '';
    const answer = (line: string) => socket.write(`${line}\r\n`);
    const command = (line: string) => {
      if (/^MAIL FROM:/i.test(line)) mail = { from: line.slice(10), to: [], mime: '' };
      if (/^RCPT TO:/i.test(line)) mail.to.push(line.slice(8));
      inMime = /^DATA$/i.test(line);
      answer(inMime ? '354 go on' : '250 ok');
    };
    answer('220 test');
    socket.setEncoding('latin1').on('data', (chunk) => {
      pending += chunk;
      for (let end = pending.indexOf('\r\n'); end !== -1; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (!inMime) command(line);
        else if (line === '.') {
          inMime = false;
          received.push(mail);
          answer('250 queued');
        } else mail.mime += `${line}\r\n`;
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, received };
}

const mail = (to: string) => new SendRawEmailCommand({ Destinations: [to], RawMessage: { Data: rawMessage() } });

describe('relay', () => {
  it('passes each accepted mail on with its own envelope, as it was submitted', async () => {
    const { port, received } = await startSmtpServer();
    const { ses, client } = await startSes({ relay: { host: '127.0.0.1', port } });
    await client.send(mail('hidden@example.net'));
    await client.send(mail('bob@example.net'));
    await ses.close();
    expect(received.map(({ from, to }) => [from, to[0]]).sort()).toEqual([
      ['<ada@example.com>', '<bob@example.net>'],
      ['<ada@example.com>', '<hidden@example.net>'],
    ]);
    expect(received[0]?.mime).toBe(rawMessage().toString('latin1'));
  });

  it('logs the id of a mail that it cannot pass on, and keeps accepting', async () => {
    const { port } = await startSmtpServer();
    const lines: string[] = [];
    const closedPort = port === 1 ? 2 : 1;
    const relay = { host: '127.0.0.1', port: closedPort };
    const { ses, client } = await startSes({ relay, log: (line) => void lines.push(line) });
    const { MessageId } = await client.send(mail('bob@example.net'));
    await ses.close();
    expect(lines).toEqual([
      expect.stringMatching(`^local SES: ${MessageId} was not relayed to 127.0.0.1:${closedPort}: .*ECONNREFUSED`),
    ]);
    expect(ses.sentCount).toBe(1);
  });
});
