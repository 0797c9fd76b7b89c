import type { Hono } from 'hono';
import type { Logger } from '../core/ports/telemetry.ts';
import type { Caller } from './authenticate.ts';
import { errorResponse, UNEXPECTED } from './error-response.ts';

/** The most bytes that a function can return (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). */
const MAX_RESULT_BYTES = 6 * 1024 * 1024;
/** Methods that fetch's Request cannot have (https://fetch.spec.whatwg.org/#forbidden-method). */
const FORBIDDEN_METHOD = /^(?:CONNECT|TRACE|TRACK)$/i;
/** The content types that a result holds as text; all others are base64. */
const TEXT_TYPE = /^(?:text\/|application\/json\b)/i;
/** Characters that end or change a path when a URL is parsed. An HTTP API passes its path decoded. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them.
const ENDS_PATH = /[?#\\\s\u0000-\u001f]/g;

/** A request as API Gateway passes it: an HTTP API with payload format 2.0, or a REST API with format 1.0. */
export interface GatewayEvent {
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  /** Only format 2.0 has these three and `requestContext.http`. */
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  /** Not among the headers. */
  readonly cookies?: readonly string[];
  /** Only format 1.0 has these four. The path is encoded, the query is not. */
  readonly path?: string;
  readonly httpMethod?: string;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly requestContext?: { readonly domainName?: string; readonly http?: { readonly method: string } };
}

/** An answer in the form that both formats take, but for cookies. */
export interface GatewayResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** In format 2.0 instead of the header `set-cookie`. */
  readonly cookies?: readonly string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/**
 * Makes the Lambda handler of the app. It never rejects: an invalid event and an error outside the app are answered in
 * Resend's form, too. Hono's own adapter answers some requests as text, and drops empty headers.
 */
export function createLambdaHandler(app: Pick<Hono<Caller>, 'fetch'>, log: Logger) {
  return async (event: GatewayEvent): Promise<GatewayResult> => {
    try {
      const request = requestOf(event);
      const result = await resultOf(request ? await app.fetch(request, { event }) : notHttp());
      if (isTooLarge(result)) return await resultOf(tooLarge());
      return event.rawPath === undefined ? result : withCookies(result);
    } catch (error) {
      log.error('request failed unexpectedly', { error });
      return resultOf(errorResponse(UNEXPECTED));
    }
  };
}

/** The request of an event; undefined if HTTP does not allow it, such as a host with a space in it. */
function requestOf(event: GatewayEvent): Request | undefined {
  const { body, isBase64Encoded, requestContext } = event;
  const given = requestContext?.http?.method ?? event.httpMethod ?? 'GET';
  // No route has a method that begins with `X-`, so the answer is a 405 with `Allow`.
  const method = FORBIDDEN_METHOD.test(given) ? `X-${given}` : given;
  // Some clients send `{}` with every GET, which the Request constructor refuses.
  const hasBody = body && method !== 'GET' && method !== 'HEAD';
  try {
    return new Request(urlOf(event), {
      method,
      headers: headersOf(event),
      ...(hasBody ? { body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') } : {}),
    });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function urlOf(event: GatewayEvent): string {
  const { rawPath, path = '/', requestContext, rawQueryString, multiValueQueryStringParameters } = event;
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(multiValueQueryStringParameters ?? {}))
    for (const value of values ?? []) query.append(name, value);
  const encodedPath = (rawPath ?? path).replace(ENDS_PATH, encodeURIComponent);
  return `https://${requestContext?.domainName}${encodedPath}?${rawQueryString ?? query}`;
}

function headersOf({ headers: single, multiValueHeaders, cookies }: GatewayEvent): Headers {
  const headers = new Headers(cookies ? { cookie: ascii(cookies.join('; ')) } : {});
  for (const [name, values] of Object.entries(multiValueHeaders ?? {}))
    for (const value of values ?? []) headers.append(name, ascii(value));
  for (const [name, value] of Object.entries(single ?? {}))
    if (value !== undefined && !headers.has(name)) headers.set(name, ascii(value));
  return headers;
}

/** `Headers` takes only bytes. Other text is percent-encoded, so that equal values stay equal. */
const ascii = (value: string): string => (/[^\t -~]/.test(value) ? encodeURIComponent(value.toWellFormed()) : value);

async function resultOf(response: Response): Promise<GatewayResult> {
  const { headers } = response;
  const isText = !headers.has('content-encoding') && TEXT_TYPE.test(headers.get('content-type') ?? 'text/plain');
  return {
    statusCode: response.status,
    headers: Object.fromEntries(headers),
    body: Buffer.from(await response.arrayBuffer()).toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

function withCookies({ headers: { 'set-cookie': cookie, ...headers }, ...result }: GatewayResult): GatewayResult {
  return cookie === undefined ? { ...result, headers } : { ...result, headers, cookies: [cookie] };
}

/** The size is that of the result as JSON, as Lambda counts it. A small body needs no count. */
function isTooLarge(result: GatewayResult): boolean {
  return result.body.length > MAX_RESULT_BYTES / 10 && Buffer.byteLength(JSON.stringify(result)) > MAX_RESULT_BYTES;
}

const notHttp = () =>
  errorResponse({ status: 400, code: 'validation_error', message: 'The request is not valid HTTP' });
const tooLarge = () =>
  errorResponse({
    status: 422,
    code: 'validation_error',
    message: 'The answer is larger than the 6 MB that AWS Lambda can return; ask for less',
  });
