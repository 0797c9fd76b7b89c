import { describe, expect, it } from 'vitest';
import { awsCall, isTransient } from '../../../../functions/adapters/aws/errors.ts';
import { SendoffError } from '../../../../functions/core/errors.ts';

const named = (name: string, httpStatusCode = 400) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
const coded = (code: string) => Object.assign(new Error(code), { code });

const transient = [
  ...['ThrottlingException', 'Throttling', 'RequestThrottled', 'KmsThrottled', 'TooManyRequestsException'].map((name) =>
    named(name),
  ),
  ...['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'LimitExceededException'].map((name) =>
    named(name),
  ),
  ...['SlowDown', 'ServiceUnavailable', 'InternalServerError', 'InternalError', 'RequestTimeout'].map((name) =>
    named(name),
  ),
  ...[429, 500, 502, 503, 504].map((status) => named('Whatever', status)),
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].map(
    coded,
  ),
  Object.assign(new AggregateError([coded('ECONNREFUSED')]), { code: 'ECONNREFUSED' }),
  Object.assign(new Error('timed out'), { name: 'TimeoutError' }),
  new Error('socket hang up'),
];
const final = [
  ...[
    'ConditionalCheckFailedException',
    'ValidationException',
    'ResourceNotFoundException',
    'AccessDenied',
    'NoSuchKey',
  ].map((name) => named(name)),
  named('Forbidden', 403),
  coded('ERR_INVALID_ARG_TYPE'),
  new TypeError('a bug'),
  'text',
  undefined,
];

describe('isTransient', () => {
  it.each(transient)('is true: %s', (error) => {
    expect(isTransient(error)).toBe(true);
  });
  it.each(final)('is false: %s', (error) => {
    expect(isTransient(error)).toBe(false);
  });
});

describe('awsCall', () => {
  it('passes an answer on', async () => {
    expect(await awsCall('SQS', async () => 7)).toBe(7);
  });

  it('makes a transient error a retryable 503 with its cause', async () => {
    const cause = named('ThrottlingException');
    await expect(awsCall('SQS', () => Promise.reject(cause))).rejects.toMatchObject({
      code: 'service_unavailable',
      status: 503,
      retryable: true,
      message: 'SQS is not available for the moment',
      cause,
    });
  });

  it('passes on every other error', async () => {
    const ours = new SendoffError('not_found', 404, 'Timeout');
    for (const error of [named('AccessDenied'), ours])
      await expect(awsCall('S3', () => Promise.reject(error))).rejects.toBe(error);
  });
});
