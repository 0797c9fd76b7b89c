import { SendoffError, unavailable } from '../../core/errors.ts';

/** Errors of Redis or Upstash that a later try can help, and their meaning for the operator. */
const TRANSIENT: readonly (readonly [RegExp, string])[] = [
  [/^LOADING\b/, 'Redis is loading its data'],
  [/^READONLY\b/, 'Redis takes no writes here: the address is that of a replica, or a failover is under way'],
  [/^OOM\b|DB capacity quota exceeded/, 'Redis is full: raise maxmemory or the plan; nothing was written'],
  [/^(MISCONF|NOREPLICAS)\b/, 'Redis cannot make writes durable'],
  [/^(BUSY|TRYAGAIN|MASTERDOWN|CLUSTERDOWN)\b/, 'Redis is busy'],
  [/max requests limit|max concurrent|rate limit/i, 'Redis refuses requests: the plan’s limit is reached'],
];

/** HTTP statuses of Upstash that a later try can help: its rate limit, and its faults. */
const isTransientStatus = (status: number): boolean => status === 429 || status >= 500;

/** Makes an error of ours from an error answer of Redis; it is retryable if a later try can help. */
export function redisError(text: string, status = 200): Error {
  const cause = new Error(text);
  // Inside a script Redis may put "ERR " before an error's own code.
  const code = text.replace(/^ERR (?=[A-Z]+ )/, '');
  const known = TRANSIENT.find(([pattern]) => pattern.test(code));
  if (known) return unavailable(known[1], cause);
  if (isTransientStatus(status)) return unavailable('Redis is not available for the moment', cause);
  if (/^(WRONGPASS|NOAUTH|NOPERM)\b/.test(code) || status === 401 || status === 403) {
    const message = 'Redis refuses our credentials: check the URL and the token';
    return new SendoffError('application_error', 500, message, { cause });
  }
  return cause;
}

const unanswered = new WeakSet<Error>();

/** The error of a request without an answer: the connection was lost or refused, or it took too long. */
export function redisUnreachable(cause: unknown): SendoffError {
  const error = unavailable('Redis is not available for the moment', cause);
  unanswered.add(error);
  return error;
}

/** Whether the request may have been executed all the same. */
export const mayBeExecuted = (error: unknown): boolean =>
  error instanceof Error && unanswered.has(error) && !isUnexecuted(error);

/**
 * Whether the connection ended before an answer came. A function that was frozen meets this, if the server closed the connections
 * it kept. The request may have been executed all the same.
 */
export function lostConnection(error: unknown): boolean {
  const code = codeOf(causeOf(error));
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** Whether the request was certainly not executed, so that sending it again at once repeats nothing. */
export function isUnexecuted(error: unknown): boolean {
  const cause = causeOf(error);
  return /^LOADING\b/.test(cause?.message ?? '') || codeOf(cause) === 'ECONNREFUSED';
}

const causeOf = (error: unknown): Error | undefined =>
  error instanceof Error && error.cause instanceof Error ? error.cause : undefined;

const codeOf = (cause: Error | undefined): unknown => (cause && 'code' in cause ? cause.code : undefined);
