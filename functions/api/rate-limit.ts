import type { Admission } from '../core/access/rate-limit.ts';
import { SendoffError } from '../core/errors.ts';
import { errorResponse } from './error-response.ts';

/** Adds Resend's headers about the limit to a response: https://resend.com/docs/api-reference/rate-limit */
export function withRateHeaders(response: Response, perSecond: number, admission: Admission): Response {
  response.headers.set('ratelimit-limit', String(perSecond));
  response.headers.set('ratelimit-remaining', String(admission.remaining));
  response.headers.set('ratelimit-reset', String(admission.resetSeconds));
  return response;
}

/** The answer to a request beyond the limit of its key: 429, in Resend's words. */
export function tooManyRequests(perSecond: number, admission: Admission): Response {
  const message = `Too many requests. You can only make ${perSecond} requests per second. See rate limit response headers for more information.`;
  const response = errorResponse(new SendoffError('rate_limit_exceeded', 429, message));
  response.headers.set('retry-after', String(admission.resetSeconds));
  return withRateHeaders(response, perSecond, admission);
}
