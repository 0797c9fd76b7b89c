/** How an invocation ended. */
export type InvocationResult = {
  /** JSON text: what the handler returned, or the error object. */
  payload: string;
  error?: InvocationError;
  /** Refused without running: the concurrency of the account, or what is reserved for the function, is used up. */
  throttled?: boolean;
};

/** The error object of a failed invocation. */
export type InvocationError = { errorType: string; errorMessage: string };

/** The result of an invocation that failed. */
export function failedResult(errorType: string, errorMessage: string): InvocationResult {
  return { payload: JSON.stringify({ errorType, errorMessage }), error: { errorType, errorMessage } };
}

/** The result of an error that the handler threw, as the runtime client sent it. */
export function thrownResult(payload: string): InvocationResult {
  const { errorType, errorMessage } = JSON.parse(payload) as Partial<InvocationError>;
  return { payload, error: { errorType: errorType ?? 'Error', errorMessage: errorMessage ?? '' } };
}

/** The result of an invocation above the concurrency. */
export function throttledResult(): InvocationResult {
  return { ...failedResult('TooManyRequestsException', 'Rate Exceeded.'), throttled: true };
}

/** The result of an invocation that was running when the local cloud closed. */
export function closedResult(): InvocationResult {
  return failedResult('Sandbox.Closed', 'The local cloud is closing');
}
