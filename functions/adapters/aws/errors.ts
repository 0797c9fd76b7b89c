import { SendoffError, unavailable } from '../../core/errors.ts';

/** Names of errors that are transient, although AWS sends some of them with status 400. */
const TRANSIENT =
  /throttl|TooManyRequests|LimitExceeded|ProvisionedThroughputExceeded|RequestLimit|SlowDown|ServiceUnavailable|InternalServerError|InternalError|InternalFailure|Timeout|NetworkingError/i;
const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** True when the same AWS call may succeed later: throttling, 5xx, timeouts and network faults. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  const code = 'code' in error ? String(error.code) : '';
  return (
    TRANSIENT.test(error.name) ||
    TRANSIENT_CODES.has(code) ||
    (status !== undefined && (status >= 500 || status === 429)) ||
    error.message === 'socket hang up'
  );
}

/** Runs an AWS call; a transient error becomes a retryable 503, any other one is passed on. */
export async function awsCall<T>(service: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof SendoffError || !isTransient(error)) throw error;
    throw unavailable(`${service} is not available for the moment`, error);
  }
}
