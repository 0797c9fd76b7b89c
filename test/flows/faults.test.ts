import { describe, expect, it } from 'vitest';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { anEmail, running } from './running.ts';

const sendoff = running({ overrides: shortVisibility });

const subjectsSent = () => sendoff.cloud.ses.messages().map(({ raw }) => /^Subject: (.*)$/m.exec(raw)?.[1]?.trim());
const timesSent = (subject: string) => subjectsSent().filter((sent) => sent === subject).length;

/** The AWS calls of an accept, and how each can fail. `after`: the call took effect and its answer was lost. */
const acceptFaults = [
  { service: 'dynamodb', action: 'PutItem', when: 'before' },
  { service: 'dynamodb', action: 'PutItem', when: 'after' },
  { service: 'sqs', action: 'SendMessageBatch', when: 'before' },
  { service: 'sqs', action: 'SendMessageBatch', when: 'after' },
] as const;

describe.each(acceptFaults)('while $service $action fails ($when it takes effect)', ({ service, action, when }) => {
  const breakIt = () =>
    sendoff.cloud.faults.add({
      service,
      action,
      functionName: 'Api',
      when,
      effect: { kind: 'error', status: 500, code: 'InternalFailure', message: 'injected' },
    });

  it('never answers 2xx, and sends once when the client repeats the request with its key', async () => {
    const subject = `keyed ${service} ${when}`;
    const post = () => sendoff.request('POST', '/emails', anEmail({ subject }), { 'idempotency-key': subject });
    const fault = breakIt();
    const refused = await post();
    fault.remove();
    expect(refused).toMatchObject({ status: 503, json: { statusCode: 503, name: 'application_error' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await post()).status).toBe(200);
    await sendoff.cloud.idle();
    expect(timesSent(subject)).toBe(1);
  });

  it('rolls the email back when the client has no key', async () => {
    const subject = `keyless ${service} ${when}`;
    const post = () => sendoff.request('POST', '/emails', anEmail({ subject }));
    const fault = breakIt();
    expect((await post()).status).toBe(503);
    fault.remove();
    expect((await post()).status).toBe(200);
    await sendoff.cloud.idle();
    // If only the answer was lost, the email may be sent before the rollback; without a key this cannot be avoided.
    const most = when === 'after' ? 2 : 1;
    expect(timesSent(subject)).toBeGreaterThanOrEqual(1);
    expect(timesSent(subject)).toBeLessThanOrEqual(most);
  });
});

/** Every AWS call of a send, in order; the worker crashes before it takes effect, or before its answer. */
const sendSteps = [
  { service: 'dynamodb', action: 'UpdateItem', when: 'before', skip: 0 },
  { service: 'dynamodb', action: 'UpdateItem', when: 'after', skip: 0 },
  { service: 'dynamodb', action: 'GetItem', when: 'before', skip: 0 },
  { service: 'dynamodb', action: 'GetItem', when: 'after', skip: 0 },
  { service: 'ses', action: 'SendRawEmail', when: 'before', skip: 0 },
  { service: 'ses', action: 'SendRawEmail', when: 'after', skip: 0 },
  { service: 'dynamodb', action: 'UpdateItem', when: 'after', skip: 1 },
] as const;

it('an email is sent although its worker is killed by SIGKILL at any step', async () => {
  const ids: string[] = [];
  for (const step of sendSteps) {
    const fault = sendoff.cloud.faults.add({
      ...step,
      functionName: 'SendFunction',
      times: 1,
      effect: { kind: 'kill' },
    });
    const { json } = await sendoff.request('POST', '/emails', anEmail({ subject: JSON.stringify(step) }));
    await fault.triggered;
    fault.remove();
    ids.push(json.id);
  }
  await sendoff.cloud.idle();
  for (const [index, id] of ids.entries()) {
    const times = sendoff.cloud.ses.messages().filter(({ tags }) => tags[EMAIL_ID_TAG] === id).length;
    const step = sendSteps[index];
    // Between the answer of SES and the update of the record, only SES knows that it was sent.
    const most = step?.service === 'ses' && step.when === 'after' ? 2 : 1;
    expect({ step, sent: times >= 1 && times <= most }).toEqual({ step, sent: true });
    expect((await sendoff.request('GET', `/emails/${id}`)).json.last_event).not.toBe('queued');
  }
}, 60_000);

describe('SES', () => {
  const failing = async (subject: string, code: string, message: string, status: number) => {
    const effect = { kind: 'error', status, code, message } as const;
    sendoff.cloud.faults.add({ service: 'ses', action: 'SendRawEmail', when: 'before', times: 2, effect });
    const { json } = await sendoff.request('POST', '/emails', anEmail({ subject }));
    await sendoff.cloud.idle();
    expect(timesSent(subject)).toBe(1);
    const { json: timeline } = await sendoff.request('GET', `/emails/${json.id}/events`);
    return timeline.data.filter(({ type }: { type: string }) => type === 'email.deferred');
  };

  it('answering 500 delays the email and loses nothing', async () => {
    const deferred = await failing('ses 500', 'InternalFailure', 'injected', 500);
    expect(deferred).toMatchObject([{ count: 2, reason: 'Amazon SES did not answer' }]);
  }, 30_000);

  it('throttling makes the email wait for another turn, which is no attempt', async () => {
    expect(await failing('ses throttling', 'Throttling', 'Maximum sending rate exceeded.', 400)).toEqual([]);
  }, 30_000);
});

describe('a table that fails after SES took the email', () => {
  it('does not send it again: a job on the queue records that it was sent', async () => {
    const subject = 'not recorded';
    const fault = sendoff.cloud.faults.add({
      service: 'dynamodb',
      action: 'UpdateItem',
      functionName: 'SendFunction',
      match: (body) => body.includes('messageId'),
      when: 'before',
      times: 3,
      effect: { kind: 'error', status: 500, code: 'InternalServerError', message: 'injected' },
    });
    const { json } = await sendoff.request('POST', '/emails', anEmail({ subject }));
    await fault.triggered;
    await sendoff.cloud.idle();
    expect(timesSent(subject)).toBe(1);
    const [message] = sendoff.cloud.ses.messages().filter(({ tags }) => tags[EMAIL_ID_TAG] === json.id);
    expect((await sendoff.request('GET', `/emails/${json.id}`)).json.message_id).toContain(message?.messageId);
  }, 30_000);
});
