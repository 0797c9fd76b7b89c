import type { IncomingMessage, Server } from 'node:http';

/** Listens on loopback; sockets stay open between requests for as long as the cloud runs. */
export async function listen(server: Server, port: number): Promise<void> {
  // If the server closed an idle socket while a client writes to it, the client would see an ECONNRESET.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Stops listening and destroys every open socket. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The whole body of a request. By events: an async iterator costs several times as much, and every call passes here. */
export function readBody(request: IncomingMessage, limitBytes = 64 * 1024 * 1024): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= limitBytes) chunks.push(chunk);
    });
    request.on('error', reject);
    request.on('end', () => {
      if (sizeBytes > limitBytes) reject(new BodyTooLargeError(`The body has ${sizeBytes} bytes`));
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
  });
}

/** The body is over the limit; it was read to its end, so that the client can read the answer. */
export class BodyTooLargeError extends Error {
  override name = 'BodyTooLargeError';
}
