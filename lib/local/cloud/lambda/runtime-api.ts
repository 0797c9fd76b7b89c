import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer, listen, readBody } from '../http-server.ts';

/** CPU of an instance since its start, and its memory at this moment. */
export type InstanceUsage = { cpuUs: number; memoryBytes: number };

/** The requests of an instance to the Runtime API. */
export type RuntimeClient = {
  /** The instance is free; the response stays open until there is an invocation for it. */
  next: (response: ServerResponse, usage: InstanceUsage) => void;
  respond: (requestId: string, payload: string) => void;
  fail: (requestId: string, payload: string) => void;
  initFailed: (payload: string) => void;
};

/** The Lambda Runtime API (2018-06-01) for all instances of all functions. */
export type RuntimeApi = {
  /** `host:port`, the value of AWS_LAMBDA_RUNTIME_API. */
  address: string;
  register: (instanceId: string, client: RuntimeClient) => void;
  unregister: (instanceId: string) => void;
  close: () => Promise<void>;
};

const invocationPath = /^\/2018-06-01\/runtime\/invocation\/([^/]+)(?:\/(response|error))?$/;

/** Starts the Runtime API; an instance names itself in the header `local-instance-id`. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const clients = new Map<string, RuntimeClient>();
  const server = createServer((request, response) => {
    const client = clients.get(String(request.headers['local-instance-id']));
    // The instance was killed: its last requests are ignored.
    if (!client) return void response.destroy();
    handle(client, request, response).catch(() => response.destroy());
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    register: (instanceId, client) => void clients.set(instanceId, client),
    unregister: (instanceId) => void clients.delete(instanceId),
    close: () => closeServer(server),
  };
}

async function handle(client: RuntimeClient, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '';
  const [, requestId = '', kind] = invocationPath.exec(path) ?? [];
  if (requestId === 'next') return client.next(response, usageIn(request));
  const payload = (await readBody(request)).toString();
  response.writeHead(202, { 'content-length': 0 }).end();
  if (kind === 'response') client.respond(requestId, payload);
  else if (kind === 'error') client.fail(requestId, payload);
  else client.initFailed(payload);
}

function usageIn({ headers }: IncomingMessage): InstanceUsage {
  return { cpuUs: Number(headers['local-cpu-us'] ?? 0), memoryBytes: Number(headers['local-memory-bytes'] ?? 0) };
}
