/** List prices in dollars, us-east-1, arm64, 2026 (a million requests, or as said); SES's own price is left out. */
export const prices = {
  httpApiPerMillion: 1.0,
  sqsPerMillion: 0.4,
  dynamoWriteUnitsPerMillion: 0.625,
  dynamoReadUnitsPerMillion: 0.125,
  lambdaRequestsPerMillion: 0.2,
  lambdaPerGbSecond: 0.0000133334,
  /** Upstash, pay as you go: $0.20 for 100,000. */
  redisCommandsPerMillion: 2.0,
} as const;

/** The resources of one email, counted and measured. */
export interface PerEmail {
  readonly httpRequests: number;
  readonly sqsCalls: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly invocations: number;
  readonly gbSeconds: number;
  /** As Upstash bills: each script, and each command inside one. */
  readonly redisCommands: number;
}

/** Dollars for a million emails, SES's own price left out. */
export function dollarsPerMillion({
  httpRequests,
  sqsCalls,
  writeUnits,
  readUnits,
  invocations,
  gbSeconds,
  redisCommands,
}: PerEmail): number {
  return (
    httpRequests * prices.httpApiPerMillion +
    sqsCalls * prices.sqsPerMillion +
    writeUnits * prices.dynamoWriteUnitsPerMillion +
    readUnits * prices.dynamoReadUnitsPerMillion +
    invocations * prices.lambdaRequestsPerMillion +
    gbSeconds * prices.lambdaPerGbSecond * 1_000_000 +
    redisCommands * prices.redisCommandsPerMillion
  );
}
