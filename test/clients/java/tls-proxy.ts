import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { tool } from '../build.ts';

/** What this client has for its API's host; nothing tells it another. */
const HOST = 'api.resend.com';
/** It opens nothing but two files in the cache. */
const PASSWORD = 'changeit';

/** A proxy that leads every https request to one URL. */
export interface TlsProxy {
  /** Options of the JVM that make it use the proxy and trust its certificate. */
  readonly jvmOptions: readonly string[];
  /** Where requests go from now on. */
  target: string;
  close(): Promise<void>;
}

/** Makes a certificate for the host, and a trust store with it alone, in this folder; needs the JDK's keytool. */
export async function makeCertificate(directory: string): Promise<void> {
  const [key, trust, certificate] = ['key.p12', 'trust.p12', 'cert.pem'].map((file) => join(directory, file)) as [
    string,
    string,
    string,
  ];
  const keytool = (command: string, store: string, ...args: string[]) =>
    tool('keytool', [
      command,
      '-storetype',
      'PKCS12',
      '-keystore',
      store,
      '-storepass',
      PASSWORD,
      '-alias',
      'api',
      ...args,
    ]);
  const subject = ['-dname', `CN=${HOST}`, '-ext', `san=dns:${HOST}`, '-validity', '3650'];
  await keytool('-genkeypair', key, '-keyalg', 'EC', ...subject);
  await keytool('-exportcert', key, '-rfc', '-file', certificate);
  await keytool('-importcert', trust, '-noprompt', '-file', certificate);
}

/** Starts the proxy, with the certificate of this folder, on a free port of loopback. */
export async function startTlsProxy(directory: string): Promise<TlsProxy> {
  const tlsServer = createTlsServer({ pfx: readFileSync(join(directory, 'key.p12')), passphrase: PASSWORD });
  tlsServer.on('request', (incoming, response) => forward(incoming, response, proxy.target));
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (_request, socket, head) => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.unshift(head);
    tlsServer.emit('connection', socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: TlsProxy = {
    jvmOptions: [
      '-Dhttps.proxyHost=127.0.0.1',
      `-Dhttps.proxyPort=${(server.address() as AddressInfo).port}`,
      `-Djavax.net.ssl.trustStore=${join(directory, 'trust.p12')}`,
      `-Djavax.net.ssl.trustStorePassword=${PASSWORD}`,
    ],
    target: '',
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function forward(incoming: IncomingMessage, response: ServerResponse, target: string): void {
  const { method, url } = incoming;
  // The local cloud answers only to names of this machine.
  const headers = { ...incoming.headers, host: new URL(target).host };
  const onward = request(`${target}${url}`, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', (error) => response.destroy(error));
  incoming.pipe(onward);
}
