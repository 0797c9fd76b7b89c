/** The time limits of calls to a service, in ms. */
export interface TimeLimits {
  /** Until the TCP connection is there, or a connection of the pool is free. */
  readonly connectMs: number;
  /** From the request to the last byte of its answer. A try that takes longer ends with a TimeoutError. */
  readonly answerMs: number;
  /** Tries in all. */
  readonly maxAttempts: number;
}

/**
 * The time limits of all calls to the outside, in ms. They fit into the time limits of the functions
 * (test/lib/time-limits.test.ts): when one service does not answer, a function still has time to answer or to put its jobs back.
 */
export const timeLimits = {
  /** DynamoDB, SQS, S3, and questions to SES about domains: at most 12.5 s with the waits between the tries. */
  aws: { connectMs: 1_000, answerMs: 4_000, maxAttempts: 3 },
  /** Sends: one try, as a second one would send twice. SES reads up to 14 MB first. */
  ses: { connectMs: 1_000, answerMs: 15_000, maxAttempts: 1 },
  /** Requests without the SDK, in all: invocations of functions, secrets and parameters. */
  signedRequestMs: 3_000,
  /** A request to Redis. */
  redisMs: 5_000,
  /** One attachment with its redirects; `FETCH_MS` limits all of an email. The limits of webhooks depend on their queue. */
  attachmentMs: 10_000,
  /** The CLI: people can wait, and their networks are worse. */
  cli: { connectMs: 5_000, answerMs: 20_000, maxAttempts: 2 },
} as const;
