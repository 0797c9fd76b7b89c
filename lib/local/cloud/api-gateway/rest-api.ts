import { randomUUID } from 'node:crypto';
import type { LocalFunction } from '../lambda/function.ts';
import type { InvocationResult } from '../lambda/result.ts';
import { lambdaLimitBytes, withTimeout } from './integration.ts';
import { answerHeaders, clfTime, type GatewayRequest, type GatewayResponse, messageResponse } from './message.ts';
import { createRouteTable, type RouteMatch } from './routes.ts';

const integrationTimeoutMs = 29_000;

/** One REST API (API Gateway v1) whose methods are Lambda proxies, payload format 1.0. */
export type RestApi = {
  rootResourceId: string;
  /** Adds a path under another; answers the new resource's id. */
  addResource: (parentId: string, pathPart: string) => string;
  /** `ANY` or one method of a resource. */
  addMethod: (resourceId: string, httpMethod: string, target: LocalFunction) => void;
  /** Nothing answers before there is a stage; its name is the first part of every path. */
  setStage: (name: string) => void;
  handle: (request: GatewayRequest) => Promise<GatewayResponse>;
};

type Api = { apiId: string; accountId: string };

/** Makes a REST API without methods. */
export function createRestApi(options: Api): RestApi {
  const rootResourceId = `${options.apiId.slice(0, 9)}r`;
  const paths = new Map([[rootResourceId, '']]);
  const routes = createRouteTable<LocalFunction>();
  let stage: string | undefined;
  const pathOf = (resourceId: string) => {
    const path = paths.get(resourceId);
    if (path === undefined) throw new Error(`No resource ${resourceId} in this REST API`);
    return path;
  };
  return {
    rootResourceId,
    addResource: (parentId, pathPart) => {
      const id = `${options.apiId.slice(0, 6)}${paths.size}`;
      paths.set(id, `${pathOf(parentId)}/${pathPart}`);
      return id;
    },
    addMethod: (resourceId, httpMethod, target) => routes.add(`${httpMethod} ${pathOf(resourceId) || '/'}`, target),
    setStage: (name) => {
      stage = name;
    },
    handle: async (request) => {
      const [, first = '', ...rest] = request.path.split('/');
      if (stage === undefined || first !== stage) return messageResponse(403, 'Forbidden');
      const path = `/${rest.join('/')}`;
      const match = routes.match(request.method, path);
      // API Gateway's answer to an unknown path.
      if (!match) return messageResponse(403, 'Missing Authentication Token');
      const event = JSON.stringify(toEvent(options, request, stage, path, match));
      if (Buffer.byteLength(event) > lambdaLimitBytes) return messageResponse(413, 'Request Too Long');
      return toResponse(await withTimeout(match.target.run(event), integrationTimeoutMs));
    },
  };
}

/** Without binary media types, which is the default, bodies pass as text. The path stays encoded, as it came (seen on AWS: hotsock/voker#8). */
function toEvent(options: Api, request: GatewayRequest, stage: string, path: string, match: RouteMatch<LocalFunction>) {
  const multiValueHeaders: Record<string, string[]> = {
    ...request.headers,
    'X-Forwarded-For': [request.sourceIp],
    'X-Forwarded-Port': [request.domainName.split(':')[1] ?? ''],
    'X-Forwarded-Proto': ['http'],
  };
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(request.query)) query.set(name, [...(query.get(name) ?? []), value]);
  const resource = match.routeKey.split(' ')[1];
  return {
    resource,
    path,
    httpMethod: request.method,
    headers: lastOfEach(Object.entries(multiValueHeaders)),
    multiValueHeaders,
    queryStringParameters: query.size > 0 ? lastOfEach(query) : null,
    multiValueQueryStringParameters: query.size > 0 ? Object.fromEntries(query) : null,
    pathParameters: match.pathParameters ?? null,
    stageVariables: null,
    requestContext: {
      resourceId: 'local',
      resourcePath: resource,
      httpMethod: request.method,
      ...requestContext(options, request, `/${stage}${path}`, stage),
    },
    body: request.body.length > 0 ? request.body.toString() : null,
    isBase64Encoded: false,
  };
}

function requestContext({ apiId, accountId }: Api, request: GatewayRequest, path: string, stage: string) {
  const now = new Date();
  const requestId = randomUUID();
  return {
    accountId,
    apiId,
    domainName: request.headers.host?.[0] ?? request.domainName,
    domainPrefix: apiId,
    extendedRequestId: requestId,
    identity: { sourceIp: request.sourceIp, userAgent: request.headers['user-agent']?.[0] ?? null },
    path,
    protocol: request.protocol,
    requestId,
    requestTime: clfTime(now),
    requestTimeEpoch: now.getTime(),
    stage,
  };
}

function lastOfEach(entries: Iterable<[string, string[]]>): Record<string, string> {
  return Object.fromEntries([...entries].map(([name, values]) => [name, values.at(-1) ?? '']));
}

type FunctionAnswer = {
  statusCode?: unknown;
  headers?: Record<string, unknown>;
  multiValueHeaders?: Record<string, unknown[]>;
  body?: unknown;
};

/** The function's answer as HTTP. Unlike an HTTP API a REST API takes nothing but a response object. */
function toResponse(result: InvocationResult | 'timeout'): GatewayResponse {
  if (result === 'timeout') return messageResponse(504, 'Endpoint request timed out');
  const malformed = messageResponse(502, 'Internal server error');
  if (result.throttled) return messageResponse(500, 'Internal server error');
  if (result.error || Buffer.byteLength(result.payload) > lambdaLimitBytes) return malformed;
  const answer = JSON.parse(result.payload) as FunctionAnswer | null;
  const status = Number(answer?.statusCode);
  if (!answer || !Number.isInteger(status) || status < 100 || status > 599) return malformed;
  if (answer.body !== undefined && answer.body !== null && typeof answer.body !== 'string') return malformed;
  const { 'set-cookie': cookies, ...multiple } = lowerCased(answer.multiValueHeaders ?? {});
  const joined = Object.entries(multiple).map(([name, values]) => [name, values?.join(',')]);
  return {
    status,
    headers: answerHeaders(
      { ...answer.headers, ...Object.fromEntries(joined) },
      { 'content-type': 'application/json' },
    ),
    ...(cookies ? { cookies: cookies.map(String) } : {}),
    body: answer.body ?? '',
  };
}

function lowerCased(headers: Record<string, unknown[]>): Record<string, unknown[] | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values]));
}
