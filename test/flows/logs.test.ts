import { randomUUID } from 'node:crypto';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { anEmail, running } from './running.ts';

const sendoff = running({ overrides: { functionTimeoutSeconds: 10 } });

const recipient = 'ann.recipient@example.org';
const sender = 'sam.sender@example.com';
/** Texts that no log may hold, whether from the request, the record, or the answer of SES. */
const secrets = [
  recipient,
  'ann.recipient',
  encodeURIComponent(recipient),
  sender,
  'Confidential subject',
  'private words',
];
const email = (more: object = {}) =>
  anEmail({
    from: `Sam <${sender}>`,
    to: [recipient],
    subject: 'Confidential subject',
    text: 'private words',
    ...more,
  });

interface Line {
  readonly functionName: string;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

function lines(): Line[] {
  return sendoff.events.flatMap((event) =>
    event.kind === 'output'
      ? [
          {
            functionName: event.functionName,
            text: event.line,
            json: JSON.parse(event.line) as Record<string, unknown>,
          },
        ]
      : [],
  );
}
const breakOnce = (
  service: 'dynamodb' | 'ses',
  action: string,
  functionName: string,
  code = 'InternalFailure',
  status = 500,
) =>
  sendoff.cloud.faults.add({
    service,
    action,
    functionName,
    times: 1,
    when: 'before',
    effect: { kind: 'error', status, code, message: `no ${action} for ${recipient}` },
  });

describe('the logs of a run with many kinds of errors', () => {
  it('come from every function, at every level', async () => {
    const accepted = await sendoff.request('POST', '/emails', email());
    await sendoff.request('POST', '/emails/batch', [email(), email()]);
    await sendoff.cloud.idle();

    // SES refuses with a message that names the address, then throttles, then fails.
    sendoff.cloud.ses.set({ verifiedIdentities: ['example.net'] });
    await sendoff.request('POST', '/emails', email());
    await sendoff.cloud.idle();
    sendoff.cloud.ses.set({ verifiedIdentities: undefined });
    breakOnce('ses', 'SendRawEmail', 'SendFunction', 'Throttling', 400);
    await sendoff.request('POST', '/emails', email());
    await sendoff.cloud.idle();
    breakOnce('ses', 'SendRawEmail', 'SendFunction');
    await sendoff.request('POST', '/emails', email());
    await sendoff.cloud.idle();
    const bug = breakOnce('ses', 'SendRawEmail', 'SendFunction', 'AccessDenied', 403);
    await sendoff.request('POST', '/emails', email());
    await bug.triggered;

    // Paths and bodies with addresses: refused, not found, and failing inside.
    await sendoff.request('GET', `/emails/${recipient}`);
    await sendoff.request('POST', '/emails', email({ scheduled_at: recipient }));
    await sendoff.request('POST', '/emails', { [recipient]: 1 });
    for (const [action, path] of [
      ['GetItem', `/emails/${accepted.json.id}`],
      ['GetItem', `/emails?after=${encodeURIComponent(recipient)}`],
      ['BatchGetItem', `/suppressions/${recipient}`],
    ] as const) {
      sendoff.cloud.faults.add({
        service: 'dynamodb',
        action,
        functionName: 'ApiFunction',
        times: 1,
        when: 'before',
        effect: { kind: 'error', status: 400, code: 'ValidationException', message: `bad key ${recipient}` },
      });
      expect((await sendoff.request('GET', path)).status).toBe(500);
    }

    // A malformed job on the queue.
    const { awsEndpoint: endpoint, region, credentials, outputs } = sendoff.cloud;
    const sqs = new SQSClient({ endpoint, region, credentials });
    for (const MessageBody of [
      `to ${recipient}`,
      JSON.stringify({ task: 'email.send', args: { to: recipient }, attempt: 1 }),
    ])
      await sqs.send(new SendMessageCommand({ QueueUrl: outputs.BulkQueueUrl, MessageBody }));
    const unhandled = () => lines().filter(({ json }) => json.message === 'job not handled').length;
    await expect.poll(unhandled, { timeout: 10_000 }).toBe(3);

    const id = randomUUID();
    await sendoff.table.insert({
      key: `email#${id}`,
      fields: { id, status: 'queued', attempts: 0, queue: 'bulk', fingerprint: '', to: [recipient], createdAtMs: 0 },
      list: { partition: 'email', sort: `${Date.now() - 20 * 60_000}#${id}` },
    });
    await sendoff.cloud.function('ScheduleFunction').invoke({});

    const functions = new Set(lines().map(({ functionName }) => functionName.replace(/^Sendoff|[0-9A-F]{8}$/g, '')));
    expect([...functions].sort()).toEqual(['ApiFunction', 'FeedbackFunction', 'ScheduleFunction', 'SendFunction']);
    const levels = new Set(lines().map(({ json }) => json.level ?? 'metrics'));
    expect([...levels].sort()).toEqual(['error', 'info', 'metrics', 'warn']);
  }, 60_000);

  it('hold no address, no subject, no body and no key', () => {
    expect(lines().length).toBeGreaterThan(15);
    const leaks = lines().filter(({ text }) => [...secrets, sendoff.apiKey].some((secret) => text.includes(secret)));
    expect(leaks).toEqual([]);
  });

  it('name the email if there is one', () => {
    const about = lines().filter(({ json }) => /^(job (will|failed)|email had)/.test(String(json.message)));
    expect(about.length).toBeGreaterThan(2);
    for (const { json } of about) expect(json.emailId).toEqual(expect.stringMatching(/^[0-9a-f-]{36}$/));
    const [failed] = lines().filter(({ json }) => json.route === '/emails/:id');
    expect(failed?.json).toMatchObject({ level: 'error', emailId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('have the metrics once for each invocation, not for each email', () => {
    const metrics = lines().filter(({ json }) => '_aws' in json);
    const batch = metrics.filter(({ json }) => json.Accepted === 2);
    expect(batch).toMatchObject([{ json: { Queue: 'bulk', Deployment: 'Sendoff/Sendoff' } }]);
    const total = (name: string) => metrics.reduce((sum, { json }) => sum + Number(json[name] ?? 0), 0);
    expect({ accepted: total('Accepted'), failed: total('Failed'), requeued: total('Requeued') }).toEqual({
      accepted: 7,
      failed: 1,
      requeued: 1,
    });
    expect(total('Sent')).toBe(sendoff.cloud.ses.messages().length);
    expect(total('Retried')).toBeGreaterThanOrEqual(1);
  });
});
