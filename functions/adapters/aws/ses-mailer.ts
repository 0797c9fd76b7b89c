import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { SESClient, type SESClientConfig, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { EMAIL_ID_TAG } from '../../core/email/schema.ts';
import { SendoffError, unavailable } from '../../core/errors.ts';
import { SendingHeld, Throttled } from '../../core/pacing/refusals.ts';
import type { Mailer } from '../../core/ports/mailer.ts';
import { closeIdle } from '../http/idle-connections.ts';
import { type TimeLimits, timeLimits } from '../time-limits.ts';
import { clientOptionsWith } from './clients.ts';
import { isTransient } from './errors.ts';
import { writeRawMessage } from './raw-message.ts';
import { traced } from './traced-client.ts';

/** Nothing is sent until somebody changes the account or the configuration set. */
const PAUSED = new Set([
  'AccountSendingPausedException',
  'ConfigurationSetSendingPausedException',
  'ConfigurationSetDoesNotExistException',
  'ConfigurationSetDoesNotExist',
  'AccountSendingPaused',
  'ConfigurationSetSendingPaused',
]);
/** In the v1 API a MessageRejected, like the refusal of an email (seen on AWS: GoodDollar/GoodServer#419). */
const PAUSED_BY_REVIEW = /^Sending (paused|suspended) for this account/i;
/** The least wait when SES may have taken the message: its Send event must arrive first. */
const AMBIGUOUS_WAIT_SECONDS = 60;
/** Errors about the caller of SES, such as permissions, credentials or clock, and not about the email. */
const CALLERS_FAULT = /access.?denied|not.?authorized|signature|token|credential|client|expired|skewed|opt.?in/i;

/** Stands for the message until the request is written. */
const NONE = new Uint8Array();

/** A connection that was idle for this long is not used again. */
const IDLE_MS = 4_000;

/**
 * A client that does not retry: a retry after a lost answer would send twice; the job's own retry first waits for the Send
 * event. To lose few answers, it does not reuse connections that may have closed while the function was frozen.
 */
export function createSesClient(
  config: SESClientConfig = {},
  now: () => number = Date.now,
  limits: TimeLimits = timeLimits.ses,
): SESClient {
  const { requestHandler, ...options } = clientOptionsWith(limits);
  const httpsAgent = new HttpsAgent(requestHandler.httpsAgent);
  const httpAgent = new HttpAgent(requestHandler.httpAgent);
  const client = new SESClient({
    ...config,
    ...options,
    requestHandler: { ...requestHandler, httpsAgent, httpAgent },
  });
  let usedAtMs = now();
  client.middlewareStack.add(
    (next) => async (args) => {
      if (now() - usedAtMs > IDLE_MS) for (const agent of [httpsAgent, httpAgent]) closeIdle(agent);
      usedAtMs = now();
      return next(args).finally(() => {
        usedAtMs = now();
      });
    },
    { step: 'finalizeRequest', name: 'onlyConnectionsUsedLately' },
  );
  return client;
}

/** The mailer port on Amazon SES v1; the client must not retry. */
export function createSesMailer(configurationSet: string, client: SESClient = traced(createSesClient())): Mailer {
  return {
    async send({ emailId, from, destinations, raw, tags }) {
      const command = new SendRawEmailCommand({
        Source: from,
        Destinations: [...destinations],
        RawMessage: { Data: NONE },
        ConfigurationSetName: configurationSet,
        Tags: [
          { Name: EMAIL_ID_TAG, Value: emailId },
          ...tags.map(({ name, value }) => ({ Name: name, Value: value })),
        ],
      });
      command.middlewareStack.add(writeRawMessage(raw), { step: 'build', priority: 'high', name: 'writeRawMessage' });
      try {
        const { MessageId } = await client.send(command);
        if (!MessageId) throw new Error('SES answered without a message id');
        return MessageId;
      } catch (error) {
        throw mailerError(error);
      }
    },
  };
}

function mailerError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const status = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  if (/throttl|^TooManyRequests/i.test(error.name) || status === 429) {
    // The daily quota and the rate have the same code and differ only in the message.
    return /daily/i.test(error.message)
      ? new SendingHeld('quota', 'The daily sending quota of Amazon SES is used up', error)
      : new Throttled('Amazon SES throttled the sending', { cause: error });
  }
  if (PAUSED.has(error.name) || PAUSED_BY_REVIEW.test(error.message))
    return new SendingHeld('paused', `Amazon SES does not send for now: ${error.message}`, error);
  // A 5xx is a refusal; without an answer, or with a part of it, SES may have taken the message.
  const ambiguous = status === undefined || status < 400;
  if (isTransient(error))
    return unavailable('Amazon SES did not answer', error, ambiguous ? AMBIGUOUS_WAIT_SECONDS : 1);
  if (status !== undefined && status >= 400 && status !== 403 && !CALLERS_FAULT.test(error.name)) {
    return new SendoffError('validation_error', 422, `Amazon SES refused the email: ${error.message}`, {
      cause: error,
    });
  }
  return error;
}
