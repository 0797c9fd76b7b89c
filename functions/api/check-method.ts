import type { MiddlewareHandler } from 'hono';
import { SendoffError } from '../core/errors.ts';
import type { Caller } from './authenticate.ts';
import { errorResponse } from './error-response.ts';
import { isPartlySupported, UNSUPPORTED } from './unsupported-paths.ts';

/**
 * The longest path that is served, in characters. No id, address or token is that long, and DynamoDB answers an error to
 * a key of more than 2,048 bytes.
 */
const MAX_PATH_LENGTH = 1_500;

interface Route {
  readonly method: string;
  readonly path: string;
}

/**
 * Refuses a request that no route takes, before authentication: it answers 405 `method_not_allowed` with `Allow` when the
 * path has other methods.
 *
 * @throws 404 `not_found` for an unknown path.
 */
export function checkMethod(routes: () => readonly Route[]): MiddlewareHandler<Caller> {
  return async (context, next) => {
    const { method, path } = context.req;
    const allowed = path.length > MAX_PATH_LENGTH ? [] : allowedMethods(routes(), path);
    if (allowed.length === 0) throw noEndpoint();
    if (allowed.includes(method)) return next();
    const response = errorResponse({
      status: 405,
      code: 'method_not_allowed',
      message: `${isPartlySupported(path) ? UNSUPPORTED : 'Method is not allowed for the requested path.'} Use ${allowed.join(' or ')} here.`,
    });
    response.headers.set('allow', allowed.join(', '));
    return response;
  };
}

export const noEndpoint = (): SendoffError =>
  new SendoffError('not_found', 404, 'The requested endpoint does not exist');

/** The methods of the most specific route at a path: `/emails/batch` is not `/emails/:id`. A route with GET has HEAD, too. */
function allowedMethods(routes: readonly Route[], path: string): string[] {
  const given = path.split('/');
  const at = routes.filter((route) => route.method !== 'ALL' && isAt(route.path, given));
  const [best] = at.map((route) => route.path).sort((a, b) => (specificity(a) < specificity(b) ? -1 : 1));
  const methods = at
    .filter((route) => route.path === best)
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return [...new Set(methods)];
}

/** The parts of each pattern: all are compared with each request. */
const split = new Map<string, readonly string[]>();

function partsOf(pattern: string): readonly string[] {
  const known = split.get(pattern);
  if (known) return known;
  const parts = pattern.split('/');
  split.set(pattern, parts);
  return parts;
}

const isGreedy = (part: string): boolean => part.endsWith('{.+}');

/** True if a path, as its parts, has the parts of a pattern; a greedy parameter takes one part or more. */
function isAt(pattern: string, given: readonly string[]): boolean {
  const parts = partsOf(pattern);
  const further = given.length - parts.length;
  if (further < 0) return false;
  const greedy = further > 0 ? parts.findIndex(isGreedy) : -1;
  if (further > 0 && greedy < 0) return false;
  return parts.every((part, index) => {
    const value = given[further > 0 && index > greedy ? index + further : index];
    return part.startsWith(':') ? value !== '' : part === value;
  });
}

/**
 * A text that sorts a fixed part before a parameter, and both before a parameter that takes the rest of the path; of two patterns of which
 * one begins as the other, it sorts the longer one first.
 */
const specificity = (pattern: string): string =>
  `${pattern
    .split('/')
    .map((part) => (isGreedy(part) ? '2' : part.startsWith(':') ? '1' : '0'))
    .join('')}3`;
