import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { type TimeLimits, timeLimits } from '../../functions/adapters/time-limits.ts';
import { FETCH_MS, WAIT_MS } from '../../functions/core/email/send/send.ts';
import { ANSWER_TIMEOUT_MS } from '../../functions/core/webhook/slow-endpoints.ts';
import { parseConfig } from '../../lib/config.ts';
import { sendoffTemplate } from '../helpers/sendoff-template.ts';

/** The SDK waits up to 100 ms before the second try, twice as long before the third. */
const callMs = ({ answerMs, maxAttempts }: TimeLimits) =>
  maxAttempts * answerMs +
  Array.from({ length: maxAttempts - 1 }, (_, index) => 100 * 2 ** index).reduce((a, b) => a + b, 0);

const aws = callMs(timeLimits.aws);
const { redisMs, signedRequestMs } = timeLimits;

/** The calls that a function makes one after the other when each takes as long as it may and the last ones fail. */
const sequences: readonly (readonly ['aws' | 'redis', string, string, readonly number[]])[] = [
  ['aws', 'ApiFunction', 'a request that stores nothing, and takes back what may be stored', [aws, aws]],
  ['aws', 'FeedbackFunction', 'reading and writing the records', [aws, aws]],
  ['aws', 'WebhookFunction', 'a silent endpoint, and the next try', [ANSWER_TIMEOUT_MS, aws]],
  ['aws', 'SendFunction', 'claiming, the next try, and ending the claim', [aws, aws, aws]],
  ['aws', 'SendFunction', 'attachments, a silent SES, and the next try', [FETCH_MS, callMs(timeLimits.ses), aws]],
  ['aws', 'SendFunction', 'its turn, a silent SES, and the next try', [WAIT_MS, callMs(timeLimits.ses), aws]],
  [
    'redis',
    'ApiFunction',
    'credentials, settings, key, email, consumer',
    [signedRequestMs, redisMs, redisMs, redisMs, signedRequestMs],
  ],
  [
    'redis',
    'FeedbackFunction',
    'credentials, settings, reading, writing',
    [signedRequestMs, redisMs, redisMs, redisMs],
  ],
];

const LEAST_SEND_TIMEOUT_SECONDS = 60;

describe('the time limit of a function', () => {
  it('of the send function cannot be lower', () => {
    expect(() => parseConfig({ sendTimeoutSeconds: LEAST_SEND_TIMEOUT_SECONDS - 1 })).toThrow(
      "Option 'sendTimeoutSeconds' is 59; allowed: 60 to 900; in less, the waits for a turn, attachments and SES do not fit.",
    );
  });

  // Half of the time for the turn, half of the rest for the attachments (core/email/send/send.ts).
  it('leaves SES its time when an email has waited for its turn and its attachments', () => {
    const limitMs = LEAST_SEND_TIMEOUT_SECONDS * 1000;
    const turnMs = Math.min(WAIT_MS, limitMs / 2);
    const fetchMs = Math.min(FETCH_MS, (limitMs - turnMs) / 2);
    expect(turnMs + fetchMs + callMs(timeLimits.ses)).toBeLessThanOrEqual(limitMs);
  });

  const templates = {
    aws: sendoffTemplate({ sendTimeoutSeconds: LEAST_SEND_TIMEOUT_SECONDS }).template,
    redis: sendoffTemplate({ backend: 'redis', redisSecret: 'upstash' }).template,
  };

  it.each(sequences)('backend=%s: %s has time for %s', (backend, name, _what, times) => {
    const found = templates[backend].findResources('AWS::Lambda::Function', {
      Properties: { Role: { 'Fn::GetAtt': [Match.stringLikeRegexp(`${name}Role`), 'Arn'] } },
    });
    const [timeoutSeconds] = Object.values(found).map(({ Properties }) => Properties.Timeout);
    expect(times.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(timeoutSeconds * 1000);
  });
});
