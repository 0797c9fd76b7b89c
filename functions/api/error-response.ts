import type { Context } from 'hono';
import { routePath } from 'hono/route';
import { SendoffError } from '../core/errors.ts';
import { isId } from '../core/ids.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** The answer to an unexpected error. */
export const UNEXPECTED = { status: 500, code: 'application_error', message: 'An unexpected error occurred' } as const;

/** The response for an error, in Resend's form. */
export function errorResponse({ status, code, message }: { status: number; code: string; message: string }): Response {
  // The PHP client treats an error with an unknown name as a success, and it does not know `service_unavailable`.
  const name = code === 'service_unavailable' ? 'application_error' : code;
  return new Response(JSON.stringify({ statusCode: status, name, message }), {
    status,
    headers: {
      'content-type': 'application/json',
      ...(status === 503 || status === 429 ? { 'retry-after': '1' } : {}),
    },
  });
}

/** The one place that turns errors into responses: a SendoffError is answered as it is, any other as a logged 500 without details. */
export function handleError(log: Logger) {
  return (error: Error, context: Context): Response => {
    const where = placeOf(context);
    if (error instanceof SendoffError) {
      if (error.status >= 500) log.error('request failed', { ...where, error });
      return errorResponse(error);
    }
    log.error('request failed unexpectedly', { ...where, error });
    return errorResponse(UNEXPECTED);
  };
}

/** The log fields of a request: the route instead of the path, which can hold an address, and the id of its email. */
function placeOf(context: Context): Record<string, string> {
  const route = routePath(context, -1);
  const id = context.req.param('id');
  const place = { method: context.req.method, route };
  return id && route.startsWith('/emails/') && isId(id) ? { ...place, emailId: id } : place;
}
