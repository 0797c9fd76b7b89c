import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { createSesClient, createSesMailer } from '../../../../functions/adapters/aws/ses-mailer.ts';
import { SendingHeld, Throttled } from '../../../../functions/core/pacing/refusals.ts';

const message = {
  emailId: 'id-1',
  from: 'a@example.com',
  destinations: ['b@example.com', 'c@example.com'],
  raw: Buffer.from('raw'),
  tags: [{ name: 'kind', value: 'welcome' }],
};
const setUp = () => {
  const client = new SESClient({ region: 'us-east-1' });
  return { ses: mockClient(client), mailer: createSesMailer('our-set', client) };
};
const answered = (name: string, httpStatusCode: number, text = 'why') =>
  Object.assign(new Error(text), { name, $fault: 'client', $metadata: { httpStatusCode } });
const unanswered = (fields: Record<string, unknown>) =>
  Object.assign(new Error('no answer'), { $metadata: { attempts: 1 } }, fields);

describe('a client of SES', () => {
  it('keeps its connection, but does not reuse one that was idle for long', async () => {
    const answer =
      '<SendRawEmailResponse><SendRawEmailResult><MessageId>m</MessageId></SendRawEmailResult></SendRawEmailResponse>';
    const server = createServer((_request, response) => response.end(answer));
    let connections = 0;
    server.on('connection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    let nowMs = 0;
    const config = {
      endpoint: `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    };
    const mailer = createSesMailer(
      'our-set',
      createSesClient(config, () => nowMs),
    );
    const counts: number[] = [];
    for (const pauseMs of [0, 3_000, 5_000, 0]) {
      nowMs += pauseMs;
      expect(await mailer.send(message)).toBe('m');
      counts.push(connections);
    }
    expect(counts).toEqual([1, 1, 2, 2]);
    server.closeAllConnections();
    server.close();
  });
});

describe('the request of a raw message', () => {
  /** The body of the request that sends these bytes. */
  const bodyOf = async (send: (client: SESClient) => Promise<unknown>): Promise<string> => {
    let body = '';
    const server = createServer(async (request, response) => {
      for await (const chunk of request) body += chunk;
      response.end('<A><SendRawEmailResult><MessageId>m</MessageId></SendRawEmailResult></A>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: 'a', secretAccessKey: 's' };
    await send(createSesClient({ endpoint, region: 'us-east-1', credentials })).finally(() => {
      server.closeAllConnections();
      server.close();
    });
    return body;
  };

  it.each([1, 2, 3, 1_000, 3 * 16_384, 3 * 16_384 + 1, 200_000])(
    'of %i bytes is the one that the SDK writes',
    async (size) => {
      const raw = randomBytes(size);
      const sdks = bodyOf((client) =>
        client.send(
          new SendRawEmailCommand({
            Source: message.from,
            Destinations: message.destinations,
            RawMessage: { Data: raw },
            ConfigurationSetName: 'our-set',
            Tags: [
              { Name: 'sendoff-email-id', Value: 'id-1' },
              ...message.tags.map(({ name, value }) => ({ Name: name, Value: value })),
            ],
          }),
        ),
      );
      const ours = bodyOf((client) => createSesMailer('our-set', client).send({ ...message, raw }));
      expect(await ours).toBe(await sdks);
    },
  );
});

describe('the mailer on SES', () => {
  it('sends to the envelope, with the configuration set and the id as a tag', async () => {
    const { ses, mailer } = setUp();
    ses.on(SendRawEmailCommand).resolves({ MessageId: 'm-1' });
    expect(await mailer.send(message)).toBe('m-1');
    expect(ses.commandCalls(SendRawEmailCommand)[0]?.args[0].input).toEqual({
      Source: 'a@example.com',
      Destinations: ['b@example.com', 'c@example.com'],
      // It is written into the request.
      RawMessage: { Data: new Uint8Array() },
      ConfigurationSetName: 'our-set',
      Tags: [
        { Name: 'sendoff-email-id', Value: 'id-1' },
        { Name: 'kind', Value: 'welcome' },
      ],
    });
  });

  it('does not accept an answer without a message id', async () => {
    const { ses, mailer } = setUp();
    ses.on(SendRawEmailCommand).resolves({});
    await expect(mailer.send(message)).rejects.toThrow('without a message id');
  });

  it.each([
    ['a rejected message', answered('MessageRejected', 400, 'Email address is not verified: a@example.com')],
    ['an unverified MAIL FROM', answered('MailFromDomainNotVerifiedException', 400)],
    ['an invalid parameter', answered('InvalidParameterValue', 400)],
    ['a message too large', answered('ValidationError', 413)],
  ])('ends at once with %s, and keeps the answer of SES', async (_what, error) => {
    const { ses, mailer } = setUp();
    ses.on(SendRawEmailCommand).rejects(error);
    await expect(mailer.send(message)).rejects.toMatchObject({
      name: 'SendoffError',
      code: 'validation_error',
      retryable: false,
      message: `Amazon SES refused the email: ${error.message}`,
      cause: error,
    });
  });

  it.each([
    ['the rate', answered('Throttling', 400, 'Maximum sending rate exceeded.')],
    ['the rate, by another name', answered('ThrottlingException', 400)],
    ['too many requests', answered('TooManyRequestsException', 429)],
    ['status 429 of any name', answered('Busy', 429)],
  ])('asks for another turn after %s', async (_what, error) => {
    const { ses, mailer } = setUp();
    ses.on(SendRawEmailCommand).rejects(error);
    const failure = await mailer.send(message).catch((reason) => reason);
    expect(failure).toBeInstanceOf(Throttled);
    expect(failure.cause).toBe(error);
  });

  it.each([
    ['the daily quota', 'quota', answered('Throttling', 400, 'Daily message quota exceeded.')],
    ['sending paused for the account', 'paused', answered('AccountSendingPausedException', 400)],
    ['a pause after a review', 'paused', answered('MessageRejected', 400, 'Sending paused for this account. For more')],
    ['sending paused for the set', 'paused', answered('ConfigurationSetSendingPausedException', 400)],
    ['a set that is not there', 'paused', answered('ConfigurationSetDoesNotExist', 400)],
  ])('sends nothing for now after %s: %s', async (_what, held, error) => {
    const { ses, mailer } = setUp();
    ses.on(SendRawEmailCommand).rejects(error);
    const failure = await mailer.send(message).catch((reason) => reason);
    expect(failure).toBeInstanceOf(SendingHeld);
    expect(failure).toMatchObject({ held, cause: error });
    expect(failure.message).toContain(held === 'quota' ? 'daily sending quota' : `for now: ${error.message}`);
  });

  it.each<[string, Error, number | undefined]>([
    ['a limit exceeded', answered('LimitExceededException', 400), 1],
    ['an internal error', answered('InternalFailure', 500), 1],
    ['a service unavailable', answered('ServiceUnavailable', 503), 1],
    ['a bad gateway without a name', answered('Error', 502), 1],
    ['a time-out', unanswered({ name: 'TimeoutError' }), 60],
    ['a connection reset', unanswered({ code: 'ECONNRESET' }), 60],
    ['a broken pipe', unanswered({ code: 'EPIPE' }), 60],
    ['a host not found', unanswered({ code: 'ENOTFOUND' }), 60],
    ['a socket that hung up', new Error('socket hang up'), 60],
  ])('can be retried after %s', async (_what, error, waitSeconds) => {
    const { ses, mailer } = setUp();
    ses.on(SendRawEmailCommand).rejects(error);
    const failure = await mailer.send(message).catch((reason) => reason);
    expect(failure).toMatchObject({ name: 'SendoffError', retryable: true, cause: error });
    expect(failure.retryAfterSeconds).toBe(waitSeconds);
  });

  it.each([
    ['a missing permission', answered('AccessDenied', 403)],
    ['a missing permission, by another name', answered('AccessDeniedException', 400)],
    ['a wrong signature', answered('SignatureDoesNotMatch', 403)],
    ['an unknown key', answered('InvalidClientTokenId', 403)],
    ['an unrecognized client', answered('UnrecognizedClientException', 400)],
    ['an expired token', answered('ExpiredToken', 400)],
    ['a clock that is off', answered('RequestExpired', 400)],
    ['a clock that is off, by another name', answered('RequestTimeTooSkewed', 403)],
    ['an account without SES', answered('OptInRequired', 403)],
    ['an answer that could not be read', Object.assign(new SyntaxError('xml'), { $metadata: { httpStatusCode: 200 } })],
    ['a bug', new TypeError('a bug')],
  ])('does not fail the email for %s: the job stays, and an alarm reports it', async (_what, error) => {
    const { ses, mailer } = setUp();
    ses.on(SendRawEmailCommand).rejects(error);
    await expect(mailer.send(message)).rejects.toBe(error);
  });
});
