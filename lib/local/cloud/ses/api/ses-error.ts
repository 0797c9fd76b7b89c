/** An error of SES, as it appears on the wire. */
export class SesError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'SesError';
    this.code = code;
    this.status = status;
  }

  /** The side at fault, in the terms of the Query API. */
  get type(): 'Sender' | 'Receiver' {
    return this.status < 500 ? 'Sender' : 'Receiver';
  }
}

/** 400 InvalidParameterValue. */
export const invalidParameter = (message: string): SesError => new SesError('InvalidParameterValue', message);

/** 400 ValidationError, as the API's front door words it for a parameter that is not there. */
export const missingParameter = (name: string): SesError =>
  new SesError(
    'ValidationError',
    `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  );

/** 400 MessageRejected. */
export const messageRejected = (message: string): SesError => new SesError('MessageRejected', message);

/** The answer of SES's v1 API while AWS has paused an account after a review (seen on AWS: GoodDollar/GoodServer#419). */
export const pausedByReview = (): SesError =>
  messageRejected(
    'Sending paused for this account. For more information, please check the inbox of the email address associated with your AWS account.',
  );

/** 400 Throttling: the code for both the rate and the daily quota. */
export const throttling = (message: string): SesError => new SesError('Throttling', message);

/** 400 ConfigurationSetDoesNotExist. */
export const noConfigurationSet = (name: string): SesError =>
  new SesError('ConfigurationSetDoesNotExist', `Configuration set <${name}> does not exist.`);

/** The errors that `failNext` can return, with AWS's message and status for each. */
const failures: Record<string, { status: number; message: string }> = {
  Throttling: { status: 400, message: 'Maximum sending rate exceeded.' },
  MessageRejected: { status: 400, message: 'Email address is not verified.' },
  MailFromDomainNotVerifiedException: { status: 400, message: 'MAIL FROM domain is not verified.' },
  AccountSendingPausedException: { status: 400, message: 'Email sending is disabled for the account.' },
  ConfigurationSetSendingPausedException: { status: 400, message: 'Sending is paused for the configuration set.' },
  InternalFailure: { status: 500, message: 'The request processing has failed because of an unknown error.' },
  ServiceUnavailable: { status: 503, message: 'The request has failed due to a temporary failure of the server.' },
};

/** Creates AWS's error for `code`; an unknown code is a 400. */
export function failureOf(code: string, message?: string): SesError {
  const known = failures[code];
  return new SesError(code, message ?? known?.message ?? code, known?.status ?? 400);
}
