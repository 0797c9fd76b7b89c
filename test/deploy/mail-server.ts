import { appendFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { CaughtMessage } from '../flows/target-interface.ts';

/** A mail server that stores the messages it receives. */
export interface MailServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on loopback (port 0: any) and writes every message into the file as a line of JSON. It has the commands of SMTP that smtplib uses. */
export async function startMailServer(file: string, port: number): Promise<MailServer> {
  writeFileSync(file, '');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, (message) => appendFileSync(file, `${JSON.stringify(message)}\n`));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(socket: Socket, deliver: (message: CaughtMessage) => void): void {
  const answer = (line: string) => socket.write(`${line}\r\n`);
  let from = '';
  let to: string[] = [];
  let mime: string[] | undefined;
  let rest = '';
  const take = (line: string) => {
    if (mime === undefined) {
      const address = /^(?:MAIL FROM|RCPT TO):\s*<(.*?)>/i.exec(line)?.[1] ?? '';
      if (/^MAIL/i.test(line)) [from, to] = [address, []];
      if (/^RCPT/i.test(line)) to.push(address);
      if (/^DATA/i.test(line)) mime = [];
      answer(mime ? '354 go on' : /^QUIT/i.test(line) ? '221 bye' : '250 ok');
    } else if (line === '.') {
      deliver({ raw: mime.join('\r\n'), envelope: { from, to }, tags: undefined, sentAtMs: Date.now() });
      mime = undefined;
      answer('250 kept');
    } else mime.push(line.startsWith('.') ? line.slice(1) : line);
  };
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  // The sender closed the connection early.
  socket.on('error', () => socket.destroy());
  answer('220 deploy test');
}
