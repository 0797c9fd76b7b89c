/** The error codes of the API: Resend's list (resend-openapi 1.5.0). */
export type ErrorCode =
  | 'validation_error'
  | 'invalid_parameter'
  | 'missing_required_field'
  | 'invalid_attachment'
  | 'invalid_access'
  | 'invalid_idempotency_key'
  | 'invalid_idempotent_request'
  | 'missing_api_key'
  | 'restricted_api_key'
  | 'invalid_api_key'
  | 'not_found'
  | 'method_not_allowed'
  | 'rate_limit_exceeded'
  | 'security_error'
  | 'application_error'
  | 'service_unavailable';

/** An error for the caller, with a code, an HTTP status, and whether a retry can help. */
export class SendoffError extends Error {
  override readonly name = 'SendoffError';
  readonly code: ErrorCode;
  readonly status: number;
  /** True when the same call may succeed later: a job is retried, a request is answered 503. */
  readonly retryable: boolean;
  /** The least wait before the next try, in seconds; absent when only the retry policy decides. */
  readonly retryAfterSeconds?: number;

  constructor(
    code: ErrorCode,
    status: number,
    message: string,
    options: { cause?: unknown; retryable?: boolean; retryAfterSeconds?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = status;
    this.retryable = options.retryable ?? false;
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** A wrong field of a request (422). */
export function invalid(message: string, code: ErrorCode = 'invalid_parameter'): SendoffError {
  return new SendoffError(code, 422, message);
}

/**
 * An invalid mailbox (422 `validation_error`). Programs compare the first two sentences, which are Resend's; `why` is added
 * to them.
 */
export function invalidAddress(field: string, why: string): SendoffError {
  return invalid(
    `Invalid \`${field}\` field. The email address needs to follow the \`email@example.com\` or \`Name <email@example.com>\` format. ${why}`,
    'validation_error',
  );
}

/** Something that does not exist (404). */
export function notFound(what: string): SendoffError {
  return new SendoffError('not_found', 404, `${what} not found`);
}

/** A service that did not answer, or refused for now (503); retryable. An outage is no fault of a job (`isOutage`). */
export function unavailable(message: string, cause?: unknown, retryAfterSeconds?: number): SendoffError {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new SendoffError('service_unavailable', 503, message, { cause, retryable: true, ...wait });
}

/** True for an error of `unavailable`. */
export const isOutage = ({ retryable, code }: SendoffError): boolean => retryable && code === 'service_unavailable';
