import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { createDynamoBodies } from '../../../../functions/adapters/aws/dynamodb/bodies.ts';
import { createS3Bodies } from '../../../../functions/adapters/aws/s3-bodies.ts';
import { timeSort } from '../../../../functions/core/document/time-sort.ts';
import { bodyKey } from '../../../../functions/core/email/body.ts';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { findSuppression, suppress } from '../../../../functions/core/suppression/suppression.ts';
import { deliveryKey, deliveryPartition } from '../../../../functions/core/webhook/delivery.ts';
import { webhookKey } from '../../../../functions/core/webhook/endpoint.ts';
import { createWebhook } from '../../../../functions/core/webhook/registry.ts';
import { localCli } from '../cli.ts';
import { retrySuite } from './retrying.ts';

const local = localCli();
const sendoff: typeof local.sendoff = (...given) => local.sendoff(...given);

/** Sends and answers the id. */
async function sent(to: string, more = ''): Promise<string> {
  const { out } = await sendoff(`send --from me@example.com --to ${to} --subject Hi --text Hello ${more}`.trim());
  expect(out).toMatch(/^[0-9a-f-]{36}$/);
  return out;
}

const record = (id: string) => local.table.get<EmailRecord>(recordKey(id));

describe('sendoff broadcast send', () => {
  it('without a key of its own makes one broadcast of a repeated command, and leaves no key behind', async () => {
    const [list, html] = [join(local.directory, 'list.csv'), join(local.directory, 'news.html')];
    writeFileSync(list, 'email\na@example.com\n');
    writeFileSync(html, 'News');
    const args = `broadcast send --to ${list} --html ${html} --subject News --from me@example.com --at tomorrow --yes`;
    const [first, second] = [await sendoff(`${args} --json`), await sendoff(`${args} --json`)];
    expect(second.notes).toContain('its broadcast is scheduled');
    const { id, progress } = JSON.parse(first.out);
    expect([JSON.parse(second.out).id, progress.total]).toEqual([id, 1]);
    expect((await sendoff(`broadcast cancel ${id}`)).out).toMatch(/status +draft/);
    expect((await sendoff(`broadcast delete ${id}`)).exitCode).toBe(0);
    expect((await sendoff('keys list')).out).not.toContain('temporary');
  });
});

describe('sendoff send', () => {
  it('sends through the API, with the text of standard input, headers, tags and a file', async () => {
    const file = join(local.directory, 'notes.txt');
    writeFileSync(file, 'attached');
    const args = `send --from me@example.com --to a@example.com --to b@example.com --subject Done --text - --header X-Kind:test --tag kind=test --attach ${file}`;
    const { exitCode, out } = await sendoff(args, { input: 'It is done.\n' });
    expect(exitCode).toBe(0);
    await local.cloud.idle();
    const message = local.cloud.ses.messages().find(({ envelope }) => envelope.to.includes('b@example.com'));
    expect(message?.envelope.to).toEqual(['a@example.com', 'b@example.com']);
    expect(message?.raw).toContain('It is done.');
    expect(message?.raw).toContain('X-Kind: test');
    expect(message?.raw).toContain('filename=notes.txt');
    expect((await record(out))?.tags).toEqual([{ name: 'kind', value: 'test' }]);
  });

  it('leaves no key behind', async () => {
    await sent('a@example.com');
    expect((await sendoff('keys list')).out).not.toContain('temporary');
  });

  it('needs no AWS when it is given a key and the URL, and then takes an idempotency key', async () => {
    const env = {
      SENDOFF_API_KEY: local.apiKey,
      SENDOFF_API_URL: `${local.cloud.apiUrl}/`,
      SENDOFF_LOCAL_FILE: '/nowhere',
    };
    const args = 'send --from me@example.com --to once@example.com --subject Hi --text Hello --idempotency-key once';
    const first = await sendoff(args, { env });
    expect(first).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect((await sendoff(args, { env })).out).toBe(first.out);
  });

  it.each([
    ['without content', 'send --from a@b.co --to a@b.co --subject s', /^sendoff: There is nothing to send/],
    [
      'with an address the API refuses',
      'send --from me --to a@b.co --subject s --text t',
      /^sendoff: Refused: Invalid `from` field.*\(422\)$/,
    ],
    [
      'with a file that is not there',
      'send --from a@b.co --to a@b.co --subject s --text-file /no/such',
      /^sendoff: Cannot read \/no\/such\.$/,
    ],
    [
      'with standard input twice',
      'send --from a@b.co --to a@b.co --subject s --text - --html -',
      /Standard input can be/,
    ],
    [
      'with a tag without a value',
      'send --from a@b.co --to a@b.co --subject s --text t --tag x',
      /--tag takes name=value, not "x"/,
    ],
    [
      'with an idempotency key but none that lasts',
      'send --from a@b.co --to a@b.co --subject s --text t --idempotency-key x',
      /set SENDOFF_API_KEY/,
    ],
    [
      'without a recipient',
      'send --from a@b.co --subject s --text t',
      /required option '--to <mailbox>' not specified/,
    ],
  ])('ends with code 2 %s', async (_, args, line) => {
    const { exitCode, out, notes } = await sendoff(args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(notes).toMatch(line);
  });

  it('ends with code 1 when the key is not valid', async () => {
    const env = { SENDOFF_API_KEY: 'so_wrong', SENDOFF_API_URL: local.cloud.apiUrl };
    const result = await sendoff('send --from a@b.co --to a@b.co --subject s --text t', { env });
    expect(result).toEqual({ exitCode: 1, out: '', notes: 'sendoff: Refused: API key is invalid (403)' });
  });
});

describe('sendoff status', () => {
  it('shows the status of an email and its timeline', async () => {
    const id = await sent('a@example.com', '--cc c@example.com');
    expect((await sendoff(`status ${id} --wait 20`)).exitCode).toBe(0);
    await local.cloud.ses.flushEvents();
    await local.cloud.idle();
    const { exitCode, out } = await sendoff(`status ${id}`);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^Status +delivered$/m);
    expect(out).toMatch(/^Cc +c@example\.com$/m);
    expect(out).toMatch(/Z {2}\+0 ms +queued$/m);
    expect(out).toMatch(/Z {2}\+\d+ m?s +sent$/m);
    const view = JSON.parse((await sendoff(`status ${id} --json`)).out);
    expect(view).toMatchObject({
      id,
      status: 'delivered',
      to: ['a@example.com'],
      // One delivery for each recipient.
      events: [{ type: 'queued' }, { type: 'sent' }, { type: 'delivered' }, { type: 'delivered' }],
    });
  });

  it('ends with code 3 for an id that is not there', async () => {
    expect(await sendoff('status 00000000-0000-4000-8000-000000000000')).toMatchObject({ exitCode: 3, out: '' });
  });

  it('waits no longer than --wait says', async () => {
    const later = await sent('a@example.com', `--at ${new Date(Date.now() + 3_600_000).toISOString()}`);
    const result = await sendoff(`status ${later} --wait 1`);
    expect(result).toMatchObject({ exitCode: 1, notes: 'sendoff: It is still scheduled after 1 s.' });
    expect(result.out).toContain('scheduled');
  });

  it('stops waiting on Ctrl-C', async () => {
    const later = await sent('a@example.com', `--at ${new Date(Date.now() + 3_600_000).toISOString()}`);
    const result = await sendoff(`status ${later} --wait 60`, { interrupt: AbortSignal.abort() });
    expect(result.exitCode).toBe(130);
  });
});

describe('sendoff stats', () => {
  it('counts the jobs of the queues and the statuses of recent emails', async () => {
    await sent('a@example.com');
    await local.cloud.idle();
    await local.cloud.ses.flushEvents();
    await local.cloud.idle();
    const { emails, queues } = JSON.parse((await sendoff('stats --json')).out);
    expect(queues.map(({ queue }: { queue: string }) => queue)).toEqual([
      'transactional',
      'bulk',
      'webhook',
      'webhook-slow',
      'feedback',
      'dead letters',
    ]);
    expect(emails.total).toBe(Object.values<number>(emails.by_status).reduce((sum, number) => sum + number, 0));
    expect(emails.by_status.delivered).toBeGreaterThan(0);
    expect(emails.sent_after_ms.median).toBeGreaterThan(0);
    const { out } = await sendoff('stats --since 7d');
    expect(out).toMatch(/^QUEUE +WAITING +RUNNING +DELAYED\ntransactional +0 +0 +0$/m);
    expect(out).toMatch(/^Emails of the last 7 d: \d+$/m);
  });

  it('reads no more emails than --max says, the newest', async () => {
    await sent('a@example.com');
    await sent('a@example.com');
    const { emails } = JSON.parse((await sendoff('stats --json --max 1')).out);
    expect(emails).toMatchObject({ total: 1, complete: false });
  });

  it('refuses a span of time without a unit', async () => {
    expect(await sendoff('stats --since 24')).toMatchObject({
      exitCode: 2,
      notes: expect.stringContaining('such as 90s'),
    });
  });
});

describe('sendoff doctor --local', () => {
  it('examines what exists on this machine', async () => {
    const { exitCode, out } = await sendoff('doctor --json');
    const levels = JSON.parse(out).map(({ check, level }: { check: string; level: string }) => [check, level]);
    expect(levels).toEqual([
      ['api', 'ok'],
      ['sending', 'ok'],
      ['dead letters', 'ok'],
      ['waiting emails', 'ok'],
      ['broadcasts', 'ok'],
    ]);
    expect(exitCode).toBe(0);
  });
});

describe('sendoff forget', () => {
  const person = 'Ada.Lovelace@example.com';
  const aws = () => ({ endpoint: local.cloud.awsEndpoint, region: 'us-east-1', credentials: local.cloud.credentials });
  const bodyOf = ({ id, fingerprint }: EmailRecord) =>
    createDynamoBodies(new DynamoDBClient(aws()), local.cloud.outputs.TableName ?? '', () => {
      throw new Error('this body is small');
    }).get(bodyKey(id, fingerprint));

  it('deletes records and bodies of every email to the address, and no other', async () => {
    const to = await sent(person);
    const cc = await sent('other@example.com', `--cc ${person.toLowerCase()}`);
    const other = await sent('not-ada.lovelace@example.com');
    await local.cloud.idle();
    const before = await record(to);
    if (!before) throw new Error('the email is not there');
    expect(await bodyOf(before)).toBeDefined();

    const { exitCode, out, notes } = await sendoff('forget ADA.LOVELACE@example.com --yes');
    expect(exitCode).toBe(0);
    expect(notes).toMatch(/examined; 2 with this address \(to: 1, cc: 1\)\.\n1 of them went to others too/);
    expect(out).toContain('Deleted 2 emails');
    expect([await record(to), await record(cc)]).toEqual([undefined, undefined]);
    expect(await bodyOf(before)).toBeUndefined();
    expect(await record(other)).toBeDefined();
  });

  it('deletes large bodies from the bucket', async () => {
    const file = join(local.directory, 'large.bin');
    writeFileSync(file, randomBytes(500_000));
    const id = await sent('large@example.com', `--attach ${file}`);
    await local.cloud.idle();
    const { fingerprint = '' } = (await record(id)) ?? {};
    const bucket = createS3Bodies(
      local.cloud.outputs.BodyBucketName ?? '',
      new S3Client({ ...aws(), forcePathStyle: true }),
    );
    expect((await bucket.get(bodyKey(id, fingerprint)))?.length).toBeGreaterThan(500_000);
    expect((await sendoff('forget large@example.com --yes')).exitCode).toBe(0);
    expect(await bucket.get(bodyKey(id, fingerprint))).toBeUndefined();
  });

  it('deletes webhook events about the person, and the suppression only with --suppression', async () => {
    const { table } = local;
    const webhookId = randomUUID();
    // It receives no event of this test: its endpoint is out of reach.
    const hook = { id: webhookId, endpoint: 'https://example.com/', events: ['email.complained'] } as const;
    await createWebhook(table, { ...hook, nowMs: Date.now() });
    const tell = async (data: object) => {
      const id = randomUUID();
      const fields = { id, webhookId, type: 'email.sent', createdAtMs: 1, status: 'success', attempts: [] } as const;
      const payload = JSON.stringify({ type: 'email.sent', created_at: '', data });
      const list = { partition: deliveryPartition(webhookId), sort: timeSort(1, id) };
      await table.insert({ key: deliveryKey(webhookId, id), fields: { ...fields, payload }, list });
      return deliveryKey(webhookId, id);
    };
    const id = await sent('told@example.com');
    await local.cloud.idle();
    const told = [
      await tell({ email_id: id, to: ['someone@example.com'] }),
      await tell({ email_id: 'gone', to: ['a@example.com', 'Told <TOLD@example.com>'], recipient: null }),
      await tell({ email: 'told@example.com', origin: 'bounce' }),
    ];
    const other = await tell({ email_id: 'other', to: ['not-told@example.com'], subject: 'told@example.com' });
    const now = Date.now();
    await suppress(table, async () => {}, [{ email: 'told@example.com', origin: 'manual', atMs: now }]);

    const { out, notes } = await sendoff('forget told@example.com --yes');
    expect(notes).toContain('3 webhook events about it.');
    expect(out).toContain('Deleted 1 email, 3 webhook events.');
    expect(out).toContain('so that nothing is sent to it (--suppression)');
    expect(await table.getMany([...told, other])).toEqual([undefined, undefined, undefined, expect.anything()]);
    expect(await findSuppression(table, 'told@example.com')).toBeDefined();
    expect(JSON.parse((await sendoff('forget told@example.com --yes --suppression --json')).out)).toMatchObject({
      deleted: 0,
      suppression: 'deleted',
    });
    expect(await findSuppression(table, 'told@example.com')).toBeUndefined();
    await table.delete(webhookKey(webhookId));
  });

  it('leaves emails that are still to be sent, says so, and cancels them with --cancel', async () => {
    const id = await sent('later@example.com', `--at ${new Date(Date.now() + 3_600_000).toISOString()}`);
    const left = await sendoff('forget later@example.com --yes');
    expect(left).toMatchObject({ exitCode: 1, out: 'Nothing was deleted.', notes: expect.stringContaining(id) });
    expect((await record(id))?.status).toBe('scheduled');
    expect(await sendoff('forget later@example.com --yes --cancel --json')).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('"deleted":1,"unsent":[]'),
    });
    expect(await record(id)).toBeUndefined();
  });

  it('deletes emails from the address only with --sender', async () => {
    const id = await sent('a@example.com', '--reply-to replies@example.com');
    await local.cloud.idle();
    await sendoff('forget me@example.com --yes');
    expect(await record(id)).toBeDefined();
    expect((await sendoff('forget replies@example.com --yes')).out).toContain('Deleted 1 email.');
    expect(await record(id)).toBeUndefined();
  });

  it('asks first, and does nothing without a yes', async () => {
    const id = await sent('ask@example.com');
    await local.cloud.idle();
    expect(await sendoff('forget ask@example.com')).toMatchObject({
      exitCode: 2,
      notes: expect.stringContaining('--yes'),
    });
    const refused = await sendoff('forget ask@example.com', { interactive: true, reply: 'n' });
    expect(refused).toMatchObject({ exitCode: 1, notes: expect.stringContaining('Nothing was done.') });
    expect((await sendoff('forget ask@example.com --dry-run')).out).toBe('Nothing was deleted.');
    expect(await record(id)).toBeDefined();
    expect((await sendoff('forget -', { input: 'ask@example.com\n', interactive: true, reply: 'y' })).exitCode).toBe(0);
    expect(await record(id)).toBeUndefined();
  });

  it('deletes nothing when it is stopped during the search', async () => {
    const id = await sent('stop@example.com');
    await local.cloud.idle();
    const result = await sendoff('forget stop@example.com --yes', { interrupt: AbortSignal.abort() });
    expect(result).toMatchObject({ exitCode: 130, notes: 'sendoff: Stopped. Nothing was deleted.' });
    expect(await record(id)).toBeDefined();
  });

  it('finds nobody, and refuses a text that is no address', async () => {
    expect(await sendoff('forget nobody@example.com --yes')).toMatchObject({
      exitCode: 0,
      out: 'Nothing was deleted.',
    });
    expect(await sendoff('forget nobody')).toMatchObject({ exitCode: 2 });
  });
});

retrySuite(local);
