import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { localCli } from '../cli.ts';

const local = localCli();
const sendoff: typeof local.sendoff = (...given) => local.sendoff(...given);

interface Entry {
  readonly id: string;
  readonly task: string | null;
  readonly email_id: string | null;
  readonly email_status: string | null;
}

const list = async (): Promise<Entry[]> => JSON.parse((await sendoff('dead-letters list --json')).out);
const statusOf = async (id: string) => (await local.table.get<EmailRecord>(recordKey(id)))?.status;

/** Puts a message straight into the dead-letter queue. */
async function bury(body: string): Promise<void> {
  const { awsEndpoint: endpoint, credentials, outputs } = local.cloud;
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials });
  await client.send(new SendMessageCommand({ QueueUrl: outputs.DeadLetterQueueUrl, MessageBody: body }));
}

/** A job with nothing to do: its email is sent already. */
const idleJob = () => jobFor(sentId);

const jobFor = (id: string, fingerprint = 'f') =>
  JSON.stringify({ task: 'email.send', args: { id, fingerprint }, attempt: 1 });

/** An email as workers leave it that crash again and again: claimed, its lease over, its job a dead letter. */
async function stranded(): Promise<string> {
  const { out: id } = await sendoff('send --from me@example.com --to a@example.com --subject Hi --text Hello');
  await local.cloud.idle();
  const { document } = await local.table.update<EmailRecord>(recordKey(id), {
    set: { status: 'sending', attempts: 1, leaseUntilMs: Date.now() - 1 },
    remove: ['messageId'],
  });
  await bury(
    JSON.stringify({ task: 'email.send', args: { id, fingerprint: document?.fingerprint ?? '' }, attempt: 1 }),
  );
  return id;
}

let sentId = '';
beforeAll(async () => {
  sentId = (await sendoff('send --from me@example.com --to a@example.com --subject Hi --text Hello')).out;
  await local.cloud.idle();
});
beforeEach(async () => {
  await sendoff('dead-letters purge --all --yes');
});

describe('sendoff dead-letters', () => {
  it('lists and shows jobs, and leaves them where they are', async () => {
    expect((await sendoff('dead-letters list')).out).toBe('The dead-letter queue is empty.');
    const id = await stranded();
    const [entry] = await list();
    expect(entry).toMatchObject({ task: 'email.send', email_id: id, email_status: 'sending' });
    const { out } = await sendoff('dead-letters list');
    expect(out).toMatch(/^JOB +QUEUE +TASK +ATTEMPT +EMAIL +STATUS +AGE\n/);
    expect(out).toMatch(new RegExp(`^${entry?.id} {2}- +email\\.send +1  ${id}  sending +\\d+ m?s$`, 'm'));
    const shown = await sendoff(`dead-letters show ${entry?.id}`);
    expect(shown.out).toContain('{"task":"email.send","args":{"id":');
    expect(shown.out).toMatch(new RegExp(`^Email +${id} \\(sending\\)$`, 'm'));
    expect(await list()).toHaveLength(1);
  });

  it('redrives a job, whose email is then sent', async () => {
    const id = await stranded();
    const sentBefore = local.cloud.ses.messages().length;
    expect(await sendoff('dead-letters redrive --all --json')).toMatchObject({
      exitCode: 0,
      out: '{"redriven":1,"left":0}',
    });
    expect((await sendoff(`status ${id} --wait 20`)).exitCode).toBe(0);
    await local.cloud.idle();
    expect(local.cloud.ses.messages()).toHaveLength(sentBefore + 1);
    expect(await list()).toEqual([]);
  });

  it('redrives those named and no others', async () => {
    await bury(idleJob());
    await bury(idleJob());
    const [first, second] = await list();
    expect(await sendoff(`dead-letters redrive ${first?.id}`)).toMatchObject({ exitCode: 0, out: 'Redrove 1 job.' });
    expect((await list()).map(({ id }) => id)).toEqual([second?.id]);
  });

  it('redrives more than SQS hands out at once', async () => {
    await Promise.all(Array.from({ length: 25 }, () => bury(idleJob())));
    expect((await sendoff('dead-letters redrive --all')).out).toBe('Redrove 25 jobs.');
    expect(await list()).toEqual([]);
  });

  it('leaves jobs that come in while it runs: one that fails at once must not go round for ever', async () => {
    await bury(idleJob());
    const aMinuteAgo = Date.now() - 60_000;
    const result = await sendoff('dead-letters redrive --all', { now: () => aMinuteAgo });
    expect(result).toEqual({
      exitCode: 0,
      out: 'Redrove 0 jobs.',
      notes: '1 job came into the dead-letter queue meanwhile; left there.',
    });
    expect(await list()).toHaveLength(1);
  });

  it('loses nothing when it is stopped', async () => {
    await Promise.all(Array.from({ length: 25 }, () => bury(idleJob())));
    const controller = new AbortController();
    const stopped = await sendoff('dead-letters redrive --all', {
      interrupt: controller.signal,
      progress: () => controller.abort(),
    });
    expect(stopped).toMatchObject({
      exitCode: 130,
      notes: 'sendoff: Stopped: 10 jobs redriven; the others are where they were. Run it again to go on.',
    });
    expect(await list()).toHaveLength(15);
  });

  it('deletes no job that it could not send', async () => {
    await bury(idleJob());
    const fault = local.cloud.faults.add({
      service: 'sqs',
      action: 'SendMessage',
      when: 'before',
      effect: { kind: 'error', status: 403, code: 'AccessDenied', message: 'not you' },
    });
    expect(await sendoff('dead-letters redrive --all')).toMatchObject({
      exitCode: 1,
      notes: 'sendoff: AWS denied it: not you',
    });
    fault.remove();
    expect(await list()).toHaveLength(1);
  });

  it('leaves a message that is no job, and purges it', async () => {
    await bury('{"hello\u009b2J');
    expect((await sendoff('dead-letters list')).out).toContain('not a job');
    expect(await sendoff('dead-letters redrive --all')).toMatchObject({
      exitCode: 1,
      notes: expect.stringContaining('1 message left: neither a job'),
    });
    const [entry] = await list();
    expect((await sendoff(`dead-letters show ${entry?.id}`)).out).not.toContain('\u009b');
    expect((await sendoff(`dead-letters purge ${entry?.id} --yes`)).out).toBe(
      'Purged 1 job; 0 emails ended as failed.',
    );
  });

  it('purges a job and ends its email', async () => {
    const id = await stranded();
    const [entry] = await list();
    expect(await sendoff(`dead-letters purge ${entry?.id}`)).toMatchObject({ exitCode: 2 });
    const no = await sendoff(`dead-letters purge ${entry?.id}`, { interactive: true, reply: '' });
    expect(no).toMatchObject({ exitCode: 1, notes: expect.stringContaining('Delete 1 job?') });
    expect(await list()).toHaveLength(1);
    expect(await sendoff(`dead-letters purge ${entry?.id} --yes --json`)).toMatchObject({
      exitCode: 0,
      out: '{"purged":1,"emails_failed":1}',
    });
    expect(await statusOf(id)).toBe('failed');
    expect((await sendoff(`status ${id}`)).out).toContain('Its job was purged from the dead-letter queue');
  });

  it('ends no email that a worker has at this moment', async () => {
    const id = await stranded();
    await local.table.update(recordKey(id), { set: { leaseUntilMs: Date.now() + 60_000 } });
    expect((await sendoff('dead-letters purge --all --yes --json')).out).toBe('{"purged":1,"emails_failed":0}');
    expect(await statusOf(id)).toBe('sending');
  });

  it.each([
    ['that another job carries on', { status: 'queued' }],
    ['whose job it is not: one of another payload under the same idempotency key', { fingerprint: 'another' }],
    ['that was sent after all', { status: 'sent' }],
  ])('ends no email %s', async (_, set) => {
    const id = await stranded();
    const { document } = await local.table.update<EmailRecord>(recordKey(id), { set });
    expect((await sendoff('dead-letters purge --all --yes --json')).out).toBe('{"purged":1,"emails_failed":0}');
    expect(await statusOf(id)).toBe(document?.status);
  });

  it('says what it did not find', async () => {
    expect(await sendoff('dead-letters show nope')).toMatchObject({ exitCode: 3 });
    expect(await sendoff('dead-letters redrive nope')).toEqual({
      exitCode: 3,
      out: '',
      notes: 'sendoff: 0 jobs redriven; not in the dead-letter queue: nope',
    });
    expect(await sendoff('dead-letters redrive')).toMatchObject({ exitCode: 2 });
    expect(await sendoff('dead-letters purge x --all')).toMatchObject({ exitCode: 2 });
  });
});
