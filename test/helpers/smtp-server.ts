import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';

/** An SMTP server on loopback that takes everything and keeps nothing. */
export interface SmtpServer {
  readonly port: number;
  /** How many messages it took. */
  readonly taken: () => number;
  close(): Promise<void>;
}

/** Starts one that answers each message after `latencyMs`, as the local SES does. */
export async function startSmtpServer(latencyMs: number): Promise<SmtpServer> {
  let taken = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client that ends may reset its connection.
    socket.on('error', () => {});
    converse(socket, latencyMs, () => taken++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    taken: () => taken,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const END_OF_MESSAGE = '\r\n.\r\n';
const answers: Readonly<Record<string, string>> = {
  EHLO: '250-localhost\r\n250 8BITMIME',
  DATA: '354 go on',
  QUIT: '221 bye',
};

function converse(socket: Socket, latencyMs: number, took: () => void): void {
  let rest = '';
  let inMessage = false;
  const answer = (line: string) => socket.writable && socket.write(`${line}\r\n`);
  answer('220 localhost');
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    rest += chunk;
    for (;;) {
      const end = inMessage ? END_OF_MESSAGE : '\r\n';
      const at = rest.indexOf(end);
      if (at < 0) return;
      const line = rest.slice(0, at);
      rest = rest.slice(at + end.length);
      if (inMessage) {
        inMessage = false;
        setTimeout(() => {
          took();
          answer('250 taken');
        }, latencyMs);
        continue;
      }
      const command = line.slice(0, 4).toUpperCase();
      inMessage = command === 'DATA';
      answer(answers[command] ?? '250 ok');
      if (command === 'QUIT') socket.end();
    }
  });
}
