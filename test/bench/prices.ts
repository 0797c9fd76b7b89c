import { cpuShare } from '../../lib/lambda-cpu.ts';

/**
 * List prices in dollars: us-east-1, arm64, on demand, 2026, without free tiers and without SES's own price. A "million" is of
 * requests, units or emails.
 */
export const prices = {
  httpApiPerMillion: 1.0,
  /** For each 64 KB of a request. */
  sqsPerMillion: 0.4,
  /** For each 64 KB of a message. A delivery to SQS costs nothing. */
  snsPerMillion: 0.5,
  dynamoWriteUnitsPerMillion: 0.625,
  dynamoReadUnitsPerMillion: 0.125,
  dynamoPerGbMonth: 0.25,
  /** Of the table without its global indexes. */
  dynamoRecoveryPerGbMonth: 0.2,
  s3PutsPerMillion: 5.0,
  s3GetsPerMillion: 0.4,
  s3PerGbMonth: 0.023,
  lambdaRequestsPerMillion: 0.2,
  lambdaPerGbSecond: 0.0000133334,
  /** CloudWatch takes a log line in. */
  logsPerGb: 0.5,
  logsPerGbMonth: 0.03,
  alarmMetricPerMonth: 0.1,
  dashboardPerMonth: 3.0,
  keyPerMonth: 1.0,
  /** Upstash, pay as you go. */
  redisCommandsPerMillion: 2.0,
  redisPerGbMonth: 0.25,
} as const;

/** Commands a second that Upstash lets one database take. */
export const REDIS_COMMANDS_PER_SECOND = 10_000;

export const GB = 1024 ** 3;
export const SECONDS_A_MONTH = 2_629_800;
const DAYS_A_MONTH = SECONDS_A_MONTH / 86_400;

/** The billed time of one function. */
export interface FunctionUse {
  readonly name: string;
  readonly invocations: number;
  readonly memoryMb: number;
  /** Measured CPU of all invocations, as on one whole vCPU. */
  readonly cpuMs: number;
  /** Waits of one invocation for other services, as on AWS. */
  readonly waitMs: number;
}

/** The use of some emails. */
export interface Use {
  readonly httpRequests: number;
  readonly sqsRequests: number;
  readonly snsPublishes: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly s3Puts: number;
  readonly s3Gets: number;
  readonly functions: readonly FunctionUse[];
  /** Lines of functions and of the API's access log, with what CloudWatch adds to each. */
  readonly logBytes: number;
  readonly redisCommands: number;
}

/** The stored bytes of an email. */
export interface Stored {
  readonly days: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
  readonly bucketBytes: number;
  readonly bucketDays: number;
  readonly redisBytes: number;
  readonly logDays: number;
}

export const nothingStored: Stored = {
  days: 0,
  tableBytes: 0,
  indexBytes: 0,
  bucketBytes: 0,
  bucketDays: 0,
  redisBytes: 0,
  logDays: 30,
};

/** A line of the bill, in dollars per million emails, with the quantity of one email. */
export interface Line {
  readonly item: string;
  readonly quantity: string;
  readonly dollars: number;
}

/** Prices the use of `emails` emails and what each of them leaves behind. */
export function bill(use: Use, emails: number, stored: Stored): Line[] {
  const each = (total: number) => total / emails;
  const perMillion = (item: string, total: number, price: number, unit: string): Line => ({
    item,
    quantity: `${each(total).toFixed(2)} ${unit}`,
    dollars: each(total) * price,
  });
  const invocations = use.functions.reduce((sum, { invocations }) => sum + invocations, 0);
  const gbSeconds = use.functions.reduce((sum, one) => sum + gbSecondsOf(one), 0);
  return [
    perMillion('HTTP API', use.httpRequests, prices.httpApiPerMillion, 'requests'),
    perMillion('SQS', use.sqsRequests, prices.sqsPerMillion, 'requests'),
    perMillion('SNS', use.snsPublishes, prices.snsPerMillion, 'publishes'),
    perMillion('DynamoDB writes', use.writeUnits, prices.dynamoWriteUnitsPerMillion, 'units'),
    perMillion('DynamoDB reads', use.readUnits, prices.dynamoReadUnitsPerMillion, 'units'),
    perMillion('S3 writes', use.s3Puts, prices.s3PutsPerMillion, 'puts'),
    perMillion('S3 reads', use.s3Gets, prices.s3GetsPerMillion, 'gets'),
    perMillion('Lambda invocations', invocations, prices.lambdaRequestsPerMillion, 'invocations'),
    {
      item: 'Lambda time',
      quantity: use.functions.map((one) => `${one.name} ${each(millisecondsOf(one)).toFixed(0)} ms`).join(', '),
      dollars: each(gbSeconds) * 1e6 * prices.lambdaPerGbSecond,
    },
    ...storage(stored, each(use.logBytes)),
    perMillion('Redis commands', use.redisCommands, prices.redisCommandsPerMillion, 'commands'),
  ];
}

function storage(stored: Stored, logBytes: number): Line[] {
  const { tableBytes, indexBytes, bucketBytes, redisBytes, days } = stored;
  const gbMonths = (bytes: number, kept: number) => ((bytes * 1e6) / GB) * (kept / DAYS_A_MONTH);
  const table = prices.dynamoPerGbMonth + prices.dynamoRecoveryPerGbMonth;
  return [
    {
      item: 'logs',
      quantity: `${logBytes.toFixed(0)} bytes`,
      dollars:
        gbMonths(logBytes, DAYS_A_MONTH) * prices.logsPerGb +
        gbMonths(logBytes, stored.logDays) * prices.logsPerGbMonth,
    },
    {
      item: 'DynamoDB storage',
      quantity: `${tableBytes.toFixed(0)} bytes and ${indexBytes.toFixed(0)} of indexes for ${days} days`,
      dollars: gbMonths(tableBytes, days) * table + gbMonths(indexBytes, days) * prices.dynamoPerGbMonth,
    },
    {
      item: 'S3 storage',
      quantity: `${bucketBytes.toFixed(0)} bytes for ${stored.bucketDays} days`,
      dollars: gbMonths(bucketBytes, stored.bucketDays) * prices.s3PerGbMonth,
    },
    {
      item: 'Redis storage',
      quantity: `${redisBytes.toFixed(0)} bytes for ${days} days`,
      dollars: gbMonths(redisBytes, days) * prices.redisPerGbMonth,
    },
  ];
}

const millisecondsOf = ({ cpuMs, waitMs, invocations, memoryMb }: FunctionUse): number =>
  cpuMs / cpuShare(memoryMb) + waitMs * invocations;

/** Billed GB-seconds of a function. */
export const gbSecondsOf = (one: FunctionUse): number => (millisecondsOf(one) / 1000) * (one.memoryMb / 1024);

/** The lines' sum. */
export const total = (lines: readonly Line[]): number => lines.reduce((sum, { dollars }) => sum + dollars, 0);
