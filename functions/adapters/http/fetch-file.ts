import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { SendoffError } from '../../core/errors.ts';
import type { FetchFile } from '../mime/compose.ts';
import { timeLimits } from '../time-limits.ts';
import { isPublicAddress, privateAddressError, publicLookup } from './public-address.ts';

const MAX_REDIRECTS = 3;

const refuse = (message: string, cause?: unknown) => new SendoffError('invalid_attachment', 422, message, { cause });
/** Not `unavailable`, which is for services of our own: an email whose file does not come ends after some tries. */
const notNow = (message: string, cause?: unknown) =>
  new SendoffError('invalid_attachment', 503, message, { cause, retryable: true });

/** The internet of a fetch; tests have one of their own. */
export interface FetchOptions {
  readonly isPublic?: (address: string) => boolean;
  readonly lookup?: LookupFunction;
  /** A certificate authority that is trusted instead of the well-known ones. */
  readonly ca?: string;
  /** For one file with all its redirects, in ms. */
  readonly timeoutMs?: number;
}

/** Makes a function that fetches attachments by https from the public internet; redirects are checked like the first URL. */
export function createFetchFile(options: FetchOptions = {}): FetchFile {
  return (url, maxBytes, signal, onBytes = () => {}) => {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? timeLimits.attachmentMs);
    return follow(url, { maxBytes, onBytes }, AbortSignal.any([signal, timeout]), options);
  };
}

/** Fetches an attachment from the public internet. */
export const fetchFile: FetchFile = createFetchFile();

interface Limit {
  readonly maxBytes: number;
  readonly onBytes: (bytes: number) => void;
}

async function follow(url: string, limit: Limit, signal: AbortSignal, options: FetchOptions): ReturnType<FetchFile> {
  let target = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await request(target, signal, options);
    const { statusCode = 0, headers } = response;
    if (statusCode >= 300 && statusCode < 400 && headers.location) {
      response.destroy();
      if (!URL.canParse(headers.location, target)) throw refuse('Attachment: a redirect leads to no URL');
      target = new URL(headers.location, target).href;
      continue;
    }
    const { hostname } = new URL(target);
    if (statusCode === 429 || statusCode >= 500) {
      response.destroy();
      throw notNow(`Attachment: ${hostname} answered ${statusCode}`);
    }
    if (statusCode !== 200) {
      response.destroy();
      throw refuse(`Attachment: ${hostname} answered ${statusCode}`);
    }
    const contentType = headers['content-type'];
    const bytes = await readAll(response, limit).catch((error: unknown) => {
      throw failure(error, signal, hostname, 'broke the connection');
    });
    return { bytes, ...(contentType === undefined ? {} : { contentType }) };
  }
  throw refuse(`Attachment: more than ${MAX_REDIRECTS} redirects`);
}

/** The path of a URL can be a secret, so errors name only the host. */
function failure(error: unknown, signal: AbortSignal, hostname: string, what: string): SendoffError {
  if (error instanceof SendoffError) return error;
  return notNow(`Attachment: ${hostname} ${signal.aborted ? 'did not send the file in time' : what}`, error);
}

function request(
  url: string,
  signal: AbortSignal,
  { isPublic = isPublicAddress, lookup = publicLookup, ca }: FetchOptions,
): Promise<IncomingMessage> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:') throw refuse('Attachment: only https URLs are fetched');
  const host = hostname.replace(/^\[|\]$/g, '');
  // An address in the URL is not looked up, so the lookup cannot check it.
  if (isIP(host) && !isPublic(host)) throw privateAddressError(hostname);
  return new Promise((resolve, reject) => {
    const trust = ca === undefined ? {} : { ca };
    get(url, { lookup, signal, agent: false, ...trust }, resolve).on('error', (error) =>
      reject(failure(error, signal, hostname, 'could not be reached')),
    );
  });
}

async function readAll(response: IncomingMessage, { maxBytes, onBytes }: Limit): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > maxBytes) throw refuse(`Attachment: larger than ${maxBytes} bytes`);
    onBytes(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
