import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { invalid, SendoffError } from '../../core/errors.ts';
import type { PostWebhook } from '../../core/webhook/delivery.ts';
import { isPublicAddress, privateAddressError, publicLookup } from './public-address.ts';

const MAX_URL_LENGTH = 2_048;
/** The part of an answer that is kept. */
const KEPT_BYTES = 1_024;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/;

export interface EndpointRules {
  /** Allows http and loopback addresses: on a laptop. */
  readonly allowLocal: boolean;
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '').toLowerCase();

/**
 * Checks the URL of an endpoint: https, no credentials, no private address. The addresses of its name are checked at each
 * connection, as they may change.
 *
 * @throws 422 for a wrong URL, 451 for an address that is not public.
 */
export function checkEndpoint(text: string, { allowLocal }: EndpointRules): URL {
  const refuse = (why: string) => invalid(`Invalid \`endpoint\` field: ${why}`);
  if (!URL.canParse(text) || text.length > MAX_URL_LENGTH) throw refuse('it must be an https URL.');
  const url = new URL(text);
  const host = hostOf(url);
  const local = allowLocal && LOOPBACK.test(host);
  if (url.protocol !== 'https:' && !(local && url.protocol === 'http:')) throw refuse('it must be an https URL.');
  if (url.username || url.password) throw refuse('it must hold no user name and no password.');
  if (!local && (LOOPBACK.test(host) || (isIP(host) && !isPublicAddress(host)))) throw privateAddressError(host);
  return url;
}

/**
 * Makes the function that posts to endpoints. The socket connects to the address that was checked. Redirects are not
 * followed: they count as answers that are not 2xx.
 */
export function createPostWebhook(rules: EndpointRules): PostWebhook {
  return async (endpoint, headers, payload, timeoutMs) => {
    try {
      return await post(checkEndpoint(endpoint, rules), headers, payload, timeoutMs);
    } catch (error) {
      if (isTimeout(error)) return { status: 0, response: `no answer within ${timeoutMs / 1000} s`, timedOut: true };
      return { status: 0, response: reason(error) };
    }
  };
}

function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  payload: string,
  timeoutMs: number,
): ReturnType<PostWebhook> {
  const local = LOOPBACK.test(hostOf(url));
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Sendoff-Webhooks/1',
        'content-length': Buffer.byteLength(payload),
        ...headers,
      },
      // A kept connection would not be checked again.
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(local ? {} : { lookup: publicLookup }),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const done = () => {
        resolve({ status: incoming.statusCode ?? 0, response: readable(Buffer.concat(chunks)) });
        // The worker does not wait for the end of a long answer.
        outgoing.destroy();
      };
      incoming.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= KEPT_BYTES) done();
      });
      incoming.on('end', done);
      incoming.on('error', reject);
    });
    outgoing.end(payload);
  });
}

/** Cut twice: bytes that are not UTF-8 become three times as long when they are decoded. */
const readable = (bytes: Buffer): string => firstKilobyte(Buffer.from(firstKilobyte(bytes))).replaceAll('\u0000', '');

/** The first kilobyte as text, without a character that is cut off. */
const firstKilobyte = (bytes: Buffer): string => new StringDecoder('utf8').write(bytes.subarray(0, KEPT_BYTES));

const isTimeout = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');

function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  if (error instanceof SendoffError) return error.message;
  const code = 'code' in error ? String(error.code) : error.name;
  return code === 'ERR_INVALID_URL' ? 'the endpoint is no URL' : `the connection failed: ${code}`;
}
