import { createHmac } from 'node:crypto';

/**
 * The headers of a signed webhook, under the names of Standard Webhooks and of Svix:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * There is one signature for each secret, so that a receiver may hold any of them.
 */
export function signatureHeaders(
  { eventId, payload, secrets }: { eventId: string; payload: string; secrets: readonly string[] },
  nowMs: number,
): Record<string, string> {
  const timestamp = timestampOf(nowMs);
  const signature = secrets.map((secret) => `v1,${sign(secret, `${eventId}.${timestamp}.${payload}`)}`).join(' ');
  return Object.fromEntries(
    ['svix', 'webhook'].flatMap((prefix) => [
      [`${prefix}-id`, eventId],
      [`${prefix}-timestamp`, timestamp],
      [`${prefix}-signature`, signature],
    ]),
  );
}

/** The timestamp in the headers of an attempt at this time. */
export const timestampOf = (nowMs: number): string => String(Math.floor(nowMs / 1000));

function sign(secret: string, content: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(content).digest('base64');
}
