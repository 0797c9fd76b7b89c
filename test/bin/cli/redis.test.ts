import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRedisBackend } from '../../../functions/adapters/redis/backend.ts';
import { createUpstashRequester } from '../../../functions/adapters/redis/requester.ts';
import { bodyKey } from '../../../functions/core/email/body.ts';
import { type EmailRecord, recordKey } from '../../../functions/core/email/record.ts';
import { readConnection } from '../../../lib/local/connection.ts';
import { silentClient } from '../../../lib/local/redis.ts';
import { hasRedis } from '../../helpers/redis-database.ts';
import { localCli } from './cli.ts';
import { retrySuite } from './commands/retrying.ts';

interface Entry {
  readonly id: string;
  readonly source_queue: string | null;
  readonly task: string | null;
  readonly email_id: string | null;
  readonly email_status: string | null;
}

describe.skipIf(!hasRedis)('sendoff on the backend redis', () => {
  const local = localCli({ config: { backend: 'redis' } });
  const sendoff: typeof local.sendoff = (...given) => local.sendoff(...given);

  const database = () => {
    if (!local.redis) throw new Error('no database');
    return local.redis;
  };
  const command = async (...body: string[]) =>
    (await createUpstashRequester({ credentials: async () => database() }).request<unknown>({ body })).result;
  const namespace = () => local.cloud.outputs.RedisNamespace ?? '';
  const key = (name: string) => `{sendoff:${namespace()}}:${name}`;
  const record = (id: string) => local.table.get<EmailRecord>(recordKey(id));
  const list = async (): Promise<Entry[]> => JSON.parse((await sendoff('dead-letters list --json')).out);

  const sent = async (to = 'a@example.com', more = ''): Promise<string> => {
    const args = `send --from me@example.com --to ${to} --subject Hi --text Hello ${more}`.trim();
    const { exitCode, out } = await sendoff(args);
    expect(exitCode).toBe(0);
    return out;
  };
  const sentAndDone = async (to?: string): Promise<string> => {
    const id = await sent(to);
    expect((await sendoff(`status ${id} --wait 20`)).exitCode).toBe(0);
    await local.cloud.idle();
    return id;
  };
  const bury = (job: string, queue = 'transactional') =>
    command(
      'XADD',
      key('dead'),
      '*',
      'job',
      job,
      'queue',
      queue,
      'received',
      '5',
      'queued',
      String(Date.now() - 61_000),
    );
  const jobFor = (id: string, fingerprint: string) =>
    JSON.stringify({ task: 'email.send', args: { id, fingerprint }, attempt: 1 });
  /** An email as consumers leave it that crash again and again: claimed, its lease over, its job a dead letter. */
  const stranded = async (): Promise<string> => {
    const id = await sentAndDone();
    const { document } = await local.table.update<EmailRecord>(recordKey(id), {
      set: { status: 'sending', attempts: 1, leaseUntilMs: Date.now() - 1 },
      remove: ['messageId'],
    });
    await bury(jobFor(id, document?.fingerprint ?? ''));
    return id;
  };
  /** The reports of SES come over SQS, and so their dead letters are there. */
  const buryFeedback = async (body: string) => {
    const { awsEndpoint: endpoint, credentials, outputs } = local.cloud;
    const client = new SQSClient({ endpoint, region: 'us-east-1', credentials });
    await client.send(new SendMessageCommand({ QueueUrl: outputs.DeadLetterQueueUrl, MessageBody: body }));
  };

  beforeEach(async () => {
    await sendoff('dead-letters purge --all --yes');
  });

  describe('keys and emails', () => {
    it('creates a key that the API takes, lists and revokes it', async () => {
      const { exitCode, out: token } = await sendoff('keys create my-app');
      expect(exitCode).toBe(0);
      const ask = () => fetch(`${local.cloud.apiUrl}/emails`, { headers: { authorization: `Bearer ${token}` } });
      expect((await ask()).status).toBe(200);
      expect((await sendoff('keys list')).out).toMatch(/^[0-9a-f-]{36} {2}my-app +full_access/m);
      expect((await sendoff('keys revoke my-app')).exitCode).toBe(0);
      expect((await sendoff('keys list')).out).not.toContain('my-app');
    });

    it('sends without a key of its own, leaves none behind, and shows where the email stands', async () => {
      const id = await sentAndDone();
      expect((await sendoff('keys list')).out).not.toContain('temporary');
      expect((await sendoff(`status ${id}`)).out).toMatch(/^Status +(sent|delivered)$/m);
      expect(await sendoff('status 00000000-0000-4000-8000-000000000000')).toMatchObject({ exitCode: 3 });
    });

    it('deletes the emails to a person, body and record', async () => {
      const id = await sentAndDone('ada@example.com');
      const other = await sentAndDone('grace@example.com');
      const { bodies } = createRedisBackend(silentClient(database(), namespace()));
      const { fingerprint = '' } = (await record(id)) ?? {};
      expect(await bodies.get(bodyKey(id, fingerprint))).toBeDefined();
      const { exitCode, out } = await sendoff('forget ada@example.com --yes');
      expect(exitCode).toBe(0);
      expect(out).toContain('Deleted 1 email');
      expect(out).toContain('backups of the database');
      expect(out).not.toContain('DynamoDB');
      expect([await record(id), await bodies.get(bodyKey(id, fingerprint))]).toEqual([undefined, undefined]);
      expect(await record(other)).toBeDefined();
    });
  });

  describe('stats', () => {
    it('shows for every queue how many jobs wait, run and are delayed', async () => {
      const at = new Date(Date.now() + 3_600_000).toISOString();
      const id = await sent('later@example.com', `--at ${at}`);
      const { out } = await sendoff('stats');
      expect(out).toMatch(/^QUEUE +WAITING +RUNNING +DELAYED\ntransactional +0 +0 +1$/m);
      const { queues, emails } = JSON.parse((await sendoff('stats --json')).out);
      const names = queues.map(({ queue }: { queue: string }) => queue);
      expect(names).toEqual(['transactional', 'bulk', 'webhook', 'webhook-slow', 'feedback', 'dead letters']);
      expect(emails.by_status.scheduled).toBe(1);
      await sendoff('forget later@example.com --cancel --yes');
      expect(await record(id)).toBeUndefined();
    });

    it('counts the dead letters of Redis and of SQS as one', async () => {
      await bury('{}');
      await buryFeedback('{}');
      expect((await sendoff('stats')).out).toMatch(/^dead letters +2 +0 +0$/m);
    });
  });

  describe('dead-letters', () => {
    it('lists and shows jobs, and leaves them where they are', async () => {
      expect((await sendoff('dead-letters list')).out).toBe('The dead-letter queue is empty.');
      const id = await stranded();
      const [entry] = await list();
      expect(entry).toMatchObject({
        source_queue: 'transactional',
        task: 'email.send',
        email_id: id,
        email_status: 'sending',
      });
      const { out } = await sendoff('dead-letters list');
      expect(out).toMatch(new RegExp(`^${entry?.id} +transactional +email\\.send +1  ${id}  sending +6\\d s$`, 'm'));
      const shown = await sendoff(`dead-letters show ${entry?.id}`);
      expect(shown.out).toMatch(/^Came from +transactional$/m);
      expect(shown.out).toContain('{"task":"email.send","args":{"id":');
      expect(await list()).toHaveLength(1);
      expect(await sendoff('dead-letters show 1-1')).toMatchObject({ exitCode: 3 });
    });

    it('redrives a job and invokes a consumer, so that its email is sent', async () => {
      const id = await stranded();
      const sentBefore = local.cloud.ses.messages().length;
      expect(await sendoff('dead-letters redrive --all --json')).toMatchObject({
        exitCode: 0,
        out: '{"redriven":1,"left":0}',
        notes: '',
      });
      expect((await sendoff(`status ${id} --wait 5`)).exitCode).toBe(0);
      await local.cloud.idle();
      expect(local.cloud.ses.messages()).toHaveLength(sentBefore + 1);
      expect(await list()).toEqual([]);
    });

    it('redrives a job that is there twice, and its email is sent once', async () => {
      const id = await stranded();
      const { fingerprint = '' } = (await record(id)) ?? {};
      await bury(jobFor(id, fingerprint));
      const sentBefore = local.cloud.ses.messages().length;
      expect((await sendoff('dead-letters redrive --all')).out).toBe('Redrove 2 jobs.');
      expect((await sendoff(`status ${id} --wait 5`)).exitCode).toBe(0);
      await local.cloud.idle();
      expect(local.cloud.ses.messages()).toHaveLength(sentBefore + 1);
    });

    it('says so when no consumer could be invoked, and the job is on its queue all the same', async () => {
      const id = await stranded();
      const fault = local.cloud.faults.add({
        service: 'lambda',
        action: 'Invoke',
        when: 'before',
        effect: { kind: 'error', status: 403, code: 'AccessDenied', message: 'not you' },
      });
      expect(await sendoff('dead-letters redrive --all')).toEqual({
        exitCode: 0,
        out: 'Redrove 1 job.',
        notes: 'a function could not be invoked; the watchdog tries again within a minute',
      });
      fault.remove();
      expect((await record(id))?.status).toBe('sending');
      // The schedule invokes it once a minute.
      await command('ZADD', key('timers'), '1', '@');
      void local.cloud.function('RedisWatchdog').invoke({});
      expect((await sendoff(`status ${id} --wait 20`)).exitCode).toBe(0);
    });

    it('redrives one that is named, then more than it reads at once', async () => {
      const id = await sentAndDone();
      const { fingerprint = '' } = (await record(id)) ?? {};
      for (let count = 0; count < 25; count++) await bury(jobFor(id, fingerprint), 'bulk');
      const [first] = await list();
      expect((await sendoff(`dead-letters redrive ${first?.id}`)).out).toBe('Redrove 1 job.');
      expect((await sendoff('dead-letters redrive --all')).out).toBe('Redrove 24 jobs.');
      await local.cloud.idle();
      expect(await list()).toEqual([]);
    });

    it('purges a job and ends its email', async () => {
      const id = await stranded();
      expect((await sendoff('dead-letters purge --all --yes --json')).out).toBe('{"purged":1,"emails_failed":1}');
      expect((await record(id))?.status).toBe('failed');
      expect(await list()).toEqual([]);
    });

    it('shows those of SQS too, over which the reports of SES come', async () => {
      await buryFeedback('{"an event":');
      await bury('{"not json', 'webhook');
      const entries = await list();
      expect(entries.map(({ source_queue, task }) => [source_queue, task])).toEqual([
        ['webhook', null],
        [null, null],
      ]);
      const named = await sendoff(`dead-letters redrive ${entries[1]?.id}`);
      expect(named).toMatchObject({ exitCode: 0, out: 'Redrove 0 jobs.' });
      expect((await sendoff(`dead-letters purge ${entries[1]?.id} --yes`)).out).toContain('Purged 1 job');
      expect(await list()).toHaveLength(1);
    });
  });

  describe('doctor', () => {
    it('examines the database', async () => {
      const { exitCode, out } = await sendoff('doctor --json');
      const found = JSON.parse(out).map(({ check, level }: { check: string; level: string }) => [check, level]);
      expect(found).toEqual([
        ['api', 'ok'],
        ['database', 'ok'],
        ['eviction', 'ok'],
        ['sending', 'ok'],
        ['dead letters', 'ok'],
        ['waiting emails', 'ok'],
        ['broadcasts', 'ok'],
      ]);
      expect(exitCode).toBe(0);
      expect((await sendoff('doctor')).out).toMatch(/^ok +database +Redis [\d.]+ answers in \d+ ms$/m);
    });

    it('finds dead letters, and a database that evicts', async () => {
      await bury('{}');
      expect(await sendoff('doctor')).toMatchObject({
        exitCode: 4,
        out: expect.stringContaining('1 job that no worker'),
      });
      await sendoff('dead-letters purge --all --yes');
      await command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      const { exitCode, out } = await sendoff('doctor');
      await command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      expect(exitCode).toBe(4);
      expect(out).toMatch(/^problem +eviction +maxmemory-policy is allkeys-lru/m);
      expect(out).toMatch(/^unknown +dead letters .*maxmemory-policy allkeys-lru/m);
    });
  });

  retrySuite(local);

  it('keeps no credential of Upstash in its connection file, and asks for it in the environment', async () => {
    const { redis, ...connection } = readConnection(local.env.SENDOFF_LOCAL_FILE ?? '') ?? {};
    expect(redis).toEqual({ url: database().url, token: database().token });
    const { writeFileSync } = await import('node:fs');
    const file = `${local.env.SENDOFF_LOCAL_FILE}.upstash`;
    writeFileSync(file, JSON.stringify(connection));
    const env = { SENDOFF_LOCAL_FILE: file };
    expect(await sendoff('keys list', { env })).toEqual({
      exitCode: 1,
      out: '',
      notes:
        'sendoff: It runs on a database of Upstash: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN here too.',
    });
    const { url, token } = database();
    const given = { ...env, UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token };
    expect((await sendoff('keys list', { env: given })).exitCode).toBe(0);
  });
});
