import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HostCheck } from '../host-check.ts';
import { BodyTooLargeError, closeServer, listen, readBody } from '../http-server.ts';
import type { LocalFunction } from '../lambda/function.ts';
import type { LocalLog } from '../log.ts';
import { isBelow, type Page } from '../page.ts';
import { createHttpApi, type HttpApi } from './http-api.ts';
import type { CorsConfiguration } from './http-api-cors.ts';
import { type GatewayRequest, type GatewayResponse, messageResponse } from './message.ts';
import { createRestApi, type RestApi } from './rest-api.ts';

const bodyLimitBytes = 10 * 1024 * 1024;

/** All APIs of a template, each on a port of its own. */
export type Gateway = {
  openHttpApi: (logicalId: string, cors: CorsConfiguration | undefined) => Promise<{ apiId: string; url: string }>;
  addIntegration: (apiId: string, integrationId: string, target: LocalFunction) => void;
  addRoute: (apiId: string, routeKey: string, integrationId: string) => void;
  /** Opens the URL of a function; answers it. */
  openFunctionUrl: (logicalId: string, target: LocalFunction, cors: CorsConfiguration | undefined) => Promise<string>;
  openRestApi: (logicalId: string, name: string) => Promise<{ apiId: string; rootResourceId: string }>;
  restApi: (apiId: string) => RestApi;
  /** Lets a REST API answer, under `/name`. */
  openStage: (apiId: string, name: string) => void;
  /** The text with the addresses that APIs have on AWS replaced by those they have here. */
  localUrls: (text: string) => string;
  /** URL of the first API, of a REST API with its stage; empty when there is none. */
  firstUrl: () => string;
  close: () => Promise<void>;
};

/** The front door of the APIs: the first one listens on `port`, every other on a free one. */
export function createGateway(options: {
  port: number;
  accountId: string;
  hostCheck: HostCheck;
  /** Below the first API; their requests do not reach it. */
  pages: Page[];
  log: LocalLog;
  /** Called after each answer of an API, with the dimensions of its metrics. */
  onAnswer?: (dimensions: Readonly<Record<string, string>>, durationMs: number) => void;
}): Gateway {
  const httpApis = new Map<string, HttpApi>();
  const restApis = new Map<string, RestApi>();
  const servers: Server[] = [];
  const listening = async (
    port: number,
    handle: (request: GatewayRequest) => Promise<GatewayResponse>,
    api?: { readonly id: string; readonly dimensions: Readonly<Record<string, string>> },
  ) => {
    const onAnswer = (durationMs: number) => api && options.onAnswer?.(api.dimensions, durationMs);
    const server = createServer((request, response) => {
      const page = options.hostCheck.allows(request) ? pageOf(api?.id, request.url ?? '/') : undefined;
      if (page) page.serve(request, response, page.path);
      else void serve(request, response, handle, { ...options, onAnswer });
    });
    await listen(server, port);
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  /** By the id of the API: the address of its server, and the base of its paths. */
  const urls = new Map<string, { server: string; base: string }>();
  /** The page at a path of the first API, below its stage. */
  const pageOf = (apiId: string | undefined, path: string) => {
    const [first] = urls;
    if (!first || first[0] !== apiId) return undefined;
    const stage = first[1].base.slice(first[1].server.length);
    const page = options.pages.find(({ prefix }) => isBelow(stage + prefix, path));
    return page && { ...page, path: path.slice(stage.length + page.prefix.length) };
  };
  const find = <T>(apis: Map<string, T>, apiId: string): T => {
    const api = apis.get(apiId);
    if (!api) throw new Error(`No API ${apiId} in this template`);
    return api;
  };
  const open = async (
    apiId: string,
    handle: (request: GatewayRequest) => Promise<GatewayResponse>,
    dimensions: Readonly<Record<string, string>>,
  ) => {
    const url = await listening(urls.size === 0 ? options.port : 0, handle, { id: apiId, dimensions });
    urls.set(apiId, { server: url, base: url });
    return url;
  };
  return {
    openHttpApi: async (logicalId, cors) => {
      const apiId = idOf(logicalId);
      const throttled = messageResponse(503, 'Service Unavailable');
      const api = createHttpApi({ apiId, accountId: options.accountId, cors, throttled });
      httpApis.set(apiId, api);
      return { apiId, url: await open(apiId, api.handle, { ApiId: apiId }) };
    },
    addIntegration: (apiId, integrationId, target) => find(httpApis, apiId).addIntegration(integrationId, target),
    addRoute: (apiId, routeKey, integrationId) => find(httpApis, apiId).addRoute(routeKey, integrationId),
    openFunctionUrl: async (logicalId, target, cors) => {
      const throttled = messageResponse(429, 'Too Many Requests');
      const api = createHttpApi({ apiId: idOf(logicalId), accountId: options.accountId, cors, throttled });
      api.addIntegration(target.logicalId, target);
      api.addRoute('$default', target.logicalId);
      // A free port: the first API of the template has the one that was asked for.
      return await listening(0, api.handle);
    },
    openRestApi: async (logicalId, name) => {
      const apiId = idOf(logicalId);
      const api = createRestApi({ apiId, accountId: options.accountId });
      restApis.set(apiId, api);
      await open(apiId, api.handle, { ApiName: name });
      return { apiId, rootResourceId: api.rootResourceId };
    },
    restApi: (apiId) => find(restApis, apiId),
    openStage: (apiId, name) => {
      find(restApis, apiId).setStage(name);
      const { server } = find(urls, apiId);
      urls.set(apiId, { server, base: `${server}/${name}` });
    },
    localUrls: (text) =>
      [...urls].reduce(
        (all, [apiId, { server }]) =>
          all.replaceAll(new RegExp(`https://${apiId}\\.execute-api\\.[a-z0-9-]+\\.amazonaws\\.com`, 'g'), server),
        text,
      ),
    firstUrl: () => [...urls.values()][0]?.base ?? '',
    close: async () => void (await Promise.all(servers.map(closeServer))),
  };
}

function idOf(logicalId: string): string {
  return createHash('sha256').update(logicalId).digest('hex').slice(0, 10);
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (request: GatewayRequest) => Promise<GatewayResponse>,
  { hostCheck, log, onAnswer }: { hostCheck: HostCheck; log: LocalLog; onAnswer: (durationMs: number) => void },
): Promise<void> {
  const startedAtMs = performance.now();
  const answer = hostCheck.allows(request)
    ? await answerRequest(request, handle)
    : messageResponse(403, hostCheck.refusal);
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(answer.cookies?.length ? { 'set-cookie': answer.cookies } : {}),
    'content-length': Buffer.byteLength(answer.body),
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
  const durationMs = performance.now() - startedAtMs;
  onAnswer(durationMs);
  log({ kind: 'request', method: request.method ?? '', path: request.url ?? '', status: answer.status, durationMs });
}

async function answerRequest(
  request: IncomingMessage,
  handle: (request: GatewayRequest) => Promise<GatewayResponse>,
): Promise<GatewayResponse> {
  try {
    const body = await readBody(request, bodyLimitBytes);
    return await handle(requestOf(request, body));
  } catch (error) {
    if (error instanceof BodyTooLargeError) return messageResponse(413, 'Request Entity Too Large');
    return messageResponse(500, 'Internal Server Error');
  }
}

function requestOf(request: IncomingMessage, body: Buffer): GatewayRequest {
  const [path = '/', query = ''] = splitOnce(request.url ?? '/', '?');
  const { localAddress = '127.0.0.1', localPort = 0, remoteAddress = '127.0.0.1' } = request.socket;
  return {
    method: request.method ?? 'GET',
    path,
    query,
    headers: request.headersDistinct as Record<string, string[]>,
    body,
    sourceIp: remoteAddress,
    protocol: `HTTP/${request.httpVersion}`,
    domainName: `${localAddress}:${localPort}`,
  };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
