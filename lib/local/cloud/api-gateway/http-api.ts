import { randomUUID } from 'node:crypto';
import type { LocalFunction } from '../lambda/function.ts';
import type { InvocationResult } from '../lambda/result.ts';
import { type CorsConfiguration, corsHeaders } from './http-api-cors.ts';
import { lambdaLimitBytes, withTimeout } from './integration.ts';
import { answerHeaders, clfTime, type GatewayRequest, type GatewayResponse, messageResponse } from './message.ts';
import { createRouteTable, type RouteMatch } from './routes.ts';

const integrationTimeoutMs = 30_000;

/** Bodies of these types reach the function as text, all others as base64, form posts and untyped ones included (seen on AWS: ministackorg/ministack#766). */
const textTypes = /^(text\/|application\/(json|xml|javascript)\b)/i;

/** One HTTP API (API Gateway v2) with payload format 2.0. */
export type HttpApi = {
  addIntegration: (integrationId: string, target: LocalFunction) => void;
  addRoute: (routeKey: string, integrationId: string) => void;
  handle: (request: GatewayRequest) => Promise<GatewayResponse>;
};

/** Makes an HTTP API without routes. */
export function createHttpApi(options: {
  apiId: string;
  accountId: string;
  cors: CorsConfiguration | undefined;
  /** The answer when the function is throttled: 503 of an API, 429 of a function's URL. */
  throttled: GatewayResponse;
}): HttpApi {
  const integrations = new Map<string, LocalFunction>();
  const routes = createRouteTable<string>();
  const route = async (request: GatewayRequest): Promise<GatewayResponse> => {
    // Decoded, and cut at a `?` that was encoded: so does API Gateway (seen on AWS: middleapi/standard-server#93).
    const rawPath = decodePath(request.path).split('?')[0] ?? '/';
    const match = routes.match(request.method, rawPath);
    const target = match && integrations.get(match.target);
    if (!match || !target) return messageResponse(404, 'Not Found');
    const event = JSON.stringify(toEvent(options, request, rawPath, match));
    if (Buffer.byteLength(event) > lambdaLimitBytes) return messageResponse(413, 'Request Entity Too Large');
    const result = await withTimeout(target.run(event), integrationTimeoutMs);
    return result !== 'timeout' && result.throttled ? options.throttled : toResponse(result);
  };
  return {
    addIntegration: (integrationId, target) => void integrations.set(integrationId, target),
    addRoute: (routeKey, integrationId) => routes.add(routeKey, integrationId),
    handle: async (request) => {
      if (!options.cors) return route(request);
      const origin = request.headers.origin?.[0];
      const isPreflight =
        request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
      const headers = corsHeaders(options.cors, origin, isPreflight);
      if (isPreflight) return { status: 204, headers, body: '' };
      const answer = await route(request);
      return { ...answer, headers: { ...answer.headers, ...headers } };
    },
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // An invalid `%` stays as it is.
    return path;
  }
}

function toEvent(
  options: { apiId: string; accountId: string },
  request: GatewayRequest,
  rawPath: string,
  match: RouteMatch<string>,
): Record<string, unknown> {
  const { cookie, ...others } = request.headers;
  const headers: Record<string, string> = {
    'x-forwarded-for': request.sourceIp,
    'x-forwarded-port': request.domainName.split(':')[1] ?? '',
    'x-forwarded-proto': 'http',
  };
  for (const [name, values] of Object.entries(others)) headers[name] = values.join(',');
  const cookies = cookie?.flatMap((line) => line.split(/;\s*/)).filter((item) => item !== '');
  const queryStringParameters = parseQuery(request.query);
  const isText = textTypes.test(headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey: match.routeKey,
    rawPath,
    rawQueryString: request.query,
    ...(cookies?.length ? { cookies } : {}),
    headers,
    ...(queryStringParameters ? { queryStringParameters } : {}),
    ...(match.pathParameters ? { pathParameters: match.pathParameters } : {}),
    requestContext: requestContext(options, request, rawPath, match.routeKey),
    ...(request.body.length > 0 ? { body: request.body.toString(isText ? 'utf8' : 'base64') } : {}),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

/** Repeated parameters are joined by commas. */
function parseQuery(query: string): Record<string, string> | undefined {
  if (query === '') return undefined;
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const earlier = parameters[name];
    parameters[name] = earlier === undefined ? value : `${earlier},${value}`;
  }
  return parameters;
}

function requestContext(
  options: { apiId: string; accountId: string },
  request: GatewayRequest,
  path: string,
  routeKey: string,
) {
  const now = new Date();
  return {
    accountId: options.accountId,
    apiId: options.apiId,
    domainName: request.headers.host?.[0] ?? request.domainName,
    domainPrefix: options.apiId,
    http: {
      method: request.method,
      path,
      protocol: request.protocol,
      sourceIp: request.sourceIp,
      userAgent: request.headers['user-agent']?.[0] ?? '',
    },
    requestId: randomUUID(),
    routeKey,
    stage: '$default',
    time: clfTime(now),
    timeEpoch: now.getTime(),
  };
}

type FunctionAnswer = {
  statusCode?: unknown;
  headers?: Record<string, unknown>;
  cookies?: string[];
  body?: unknown;
  isBase64Encoded?: boolean;
};

/** The function's answer as HTTP: a response object, or any other JSON value as a 200. */
function toResponse(result: InvocationResult | 'timeout'): GatewayResponse {
  if (result === 'timeout') return messageResponse(503, 'Service Unavailable');
  if (result.error || Buffer.byteLength(result.payload) > lambdaLimitBytes)
    return messageResponse(500, 'Internal Server Error');
  const answer = JSON.parse(result.payload) as FunctionAnswer | null;
  if (typeof answer !== 'object' || answer === null || answer.statusCode === undefined) {
    const body = typeof answer === 'string' ? answer : result.payload;
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const status = Number(answer.statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return messageResponse(500, 'Internal Server Error');
  const text = answer.body === undefined || answer.body === null ? '' : answer.body;
  const body = typeof text === 'string' ? text : JSON.stringify(text);
  return {
    status,
    headers: answerHeaders(answer.headers ?? {}),
    cookies: answer.cookies ?? [],
    body: answer.isBase64Encoded ? Buffer.from(body, 'base64') : body,
  };
}
