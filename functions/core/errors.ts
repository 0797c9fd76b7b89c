/** Error codes a caller of the API can see: Resend's list (resend-openapi 1.5.0). */
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

/** An error with a meaning for the caller: its code, its HTTP status, and whether trying again can help. */
export class SendoffError extends Error {
  override readonly name = 'SendoffError';
  readonly code: ErrorCode;
  readonly status: number;
  /** True when the same call may succeed later: a job is retried, a request is answered 503. */
  readonly retryable: boolean;
  /** The least wait before the next try, in seconds; absent when the retry policy alone decides. */
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

/** A field of the request that is not as it should be (422 `invalid_parameter` unless a closer code fits). */
export function invalid(message: string, code: ErrorCode = 'invalid_parameter'): SendoffError {
  return new SendoffError(code, 422, message);
}

/**
 * A mailbox that is none (422 `validation_error`). Programs compare the first two sentences, which are Resend's; `why` is
 * one of our own after them.
 */
export function invalidAddress(field: string, why: string): SendoffError {
  return invalid(
    `Invalid \`${field}\` field. The email address needs to follow the \`email@example.com\` or \`Name <email@example.com>\` format. ${why}`,
    'validation_error',
  );
}

/** Something the request names that is not there (404). */
export function notFound(what: string): SendoffError {
  return new SendoffError('not_found', 404, `${what} not found`);
}

/** A part we depend on did not answer, or refused for now (503); retryable. */
export function unavailable(message: string, cause?: unknown, retryAfterSeconds?: number): SendoffError {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new SendoffError('service_unavailable', 503, message, { cause, retryable: true, ...wait });
}
