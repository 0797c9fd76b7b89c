import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmailRecord, listEntry, recordKey } from '../../../../../functions/core/email/record.ts';
import { derivedId } from '../../../../../functions/core/ids.ts';
import type { Document, NewDocument } from '../../../../../functions/core/ports/table.ts';
import { suppressionKey } from '../../../../../functions/core/suppression/suppression.ts';
import { type Receiver, startReceiver } from '../../../../flows/receiver.ts';
import { type Request, requester } from '../../../../flows/request.ts';
import { hasRedis } from '../../../../helpers/redis-database.ts';
import { type LocalCli, localCli } from '../../cli.ts';
import { openStored, type Stored } from '../../stored.ts';

const person = 'zo.erase@example.com';
const quoted = '"zo.erase"@example.com';
const tasks = join(import.meta.dirname, '../../../../fixtures/tasks/tasks.ts');

/** The tests of both backends. */
function erasure(local: LocalCli): void {
  let request: Request;
  let stored: Stored;
  let receiver: Receiver;
  beforeAll(async () => {
    request = requester(local.cloud.apiUrl, local.apiKey);
    stored = openStored(local);
    receiver = await startReceiver();
  });
  afterAll(() => receiver?.close());

  const settled = async () => {
    await local.cloud.idle();
    await local.cloud.ses.flushEvents();
    await local.cloud.idle();
  };
  const send = async (more: object): Promise<string> => {
    const email = { from: 'me@example.com', to: 'bob@example.com', subject: 'Hello', text: 'Hello', ...more };
    const { status, json } = await request('POST', '/emails', email);
    expect([status, json]).toEqual([200, { id: expect.any(String) }]);
    return json.id;
  };
  const makeWebhook = async (): Promise<string> => {
    const events = ['email.sent', 'email.delivered', 'email.bounced', 'suppression.added'];
    return (await request('POST', '/webhooks', { endpoint: receiver.url, events })).json.id;
  };
  const putRecord = async (fields: Document): Promise<string> => {
    const id = randomUUID();
    const record = {
      id,
      status: 'sent',
      from: 'me@example.com',
      to: ['bob@example.com'],
      subject: 's',
      createdAtMs: 1,
    };
    await local.table.insert({
      key: recordKey(id),
      fields: { ...record, fingerprint: 'f', queue: 'transactional', attempts: 1, timeline: [], ...fields },
      list: listEntry(record),
    });
    return id;
  };
  const exists = async (...ids: string[]) =>
    (await local.table.getMany<EmailRecord>(ids.map(recordKey))).map((record) => record !== undefined);

  it('leaves the address nowhere in what is stored', async () => {
    const hooks = [await makeWebhook(), await makeWebhook()];
    await send({ to: `Zo <${person}>` });
    await send({ cc: [`Zo <${quoted}>`, 'carol@example.com'] });
    await send({ bcc: person.toUpperCase() });
    await send({ reply_to: person });
    await send({ to: `"${person}" <list@example.com>` });
    await send({ to: 'later@example.com', cc: person, scheduled_at: new Date(Date.now() + 3_600_000).toISOString() });
    const bounced = await send({ to: person, headers: { 'X-About': person } });
    // The body of a request that was refused is stored before it is known that its key was used.
    const keyed = (text: string) =>
      request(
        'POST',
        '/emails',
        { from: 'me@example.com', to: person, subject: 's', text },
        { 'idempotency-key': 'k' },
      );
    expect([(await keyed('one')).status, (await keyed(`two, ${person}`)).status]).toEqual([200, 409]);
    await settled();
    const message = local.cloud.ses.messages().find(({ tags }) => tags['sendoff-email-id'] === bounced);
    await local.cloud.ses.simulate(message?.messageId ?? '', 'bounced');
    await settled();
    expect((await request('GET', `/suppressions/${person}`)).json.origin).toBe('bounce');
    expect(receiver.received.some(({ payload }) => payload.includes(person))).toBe(true);
    expect((await request('DELETE', `/webhooks/${hooks[0]}`)).status).toBe(200);

    const { id: segment } = (await request('POST', '/segments', { name: 'Customers' })).json;
    const contact = { email: person.toUpperCase(), first_name: 'Zo', segments: [segment] };
    expect((await request('POST', '/contacts', contact)).status).toBe(201);
    expect((await request('POST', '/contacts', { email: 'bob@example.com', segments: [segment] })).status).toBe(201);
    const chunk = `broadcast-chunk#${randomUUID()}#00000000`;
    const recipients = [{ email: 'bob@example.com' }, { email: quoted, variables: { name: 'Zo' } }];
    await local.table.insert({ key: chunk, fields: { n: 0, recipients } });

    // Documents that this version does not write: of other versions, damaged ones, and a suppression of the quoted form.
    await putRecord({ to: [`${'İ'.repeat(600)} <${person}>`] });
    await putRecord({ to: { name: 'Zo', address: quoted }, status: 'of a later version' });
    await putRecord({ to: [`Zo <${person}`], fingerprint: null, timeline: 'none' });
    await putRecord({ timeline: [{ atMs: 1, event: 'complained', recipient: person }] });
    await stored.putDamaged(recordKey(randomUUID()), person);
    await stored.putDamaged(`webhook-event#${randomUUID()}#msg_1`, person);
    const payload = `{"type":"email.sent","data":{"to":["${person}`;
    await local.table.insert({ key: `webhook-event#${randomUUID()}#msg_2`, fields: { payload } });
    const id = derivedId('suppression', quoted);
    await local.table.insert({
      key: suppressionKey(id),
      fields: { id, email: quoted, origin: 'manual', createdAtMs: 1 },
    });
    await stored.bury(JSON.stringify({ task: 'webhook.deliver', args: { event: { recipient: person } }, attempt: 8 }));
    await stored.buryFeedback(JSON.stringify({ eventType: 'Bounce', mail: { destination: [quoted] } }));
    expect((await stored.everything()).match(/zo\.erase/gi)?.length).toBeGreaterThan(20);

    const { exitCode, out, notes } = await local.sendoff(`forget ${person} --yes --cancel --suppression --json`);
    expect([exitCode, notes]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({
      found: 13,
      deleted: 13,
      unsent: [],
      dead_letters: 2,
      suppression: 'deleted',
      contact: 2,
      broadcast_recipients: 1,
    });
    expect(await local.table.get(chunk)).toEqual({ n: 0, recipients: [{ email: 'bob@example.com' }, 'removed'] });
    const { json: members } = await request('GET', `/segments/${segment}/contacts`);
    expect(members.data).toMatchObject([{ email: 'bob@example.com' }]);
    expect((await stored.everything()).match(/.{0,60}zo\.erase.{0,60}/gi)).toBeNull();
  });

  it('deletes runs with the address in small and large values; one that has not ended is named until it is canceled', async () => {
    const call = async (text: string, when: object = { in: '1 hour' }): Promise<string> =>
      (await request('POST', '/tasks/test.echo', { args: { text }, ...when })).json.id;
    const cancel = (id: string) => request('POST', `/runs/${id}/cancel`);
    const address = 'runs.erase@example.com';
    const small = await call(`small ${address}`);
    const large = await call(`${'large '.repeat(1_000)}${address}`);
    const [waiting, other] = [await call(address), await call('of somebody else')];
    const succeeded = await call(`answered ${address}`, {});
    expect((await request('GET', `/runs/${succeeded}?wait=20`)).json.status).toBe('succeeded');
    await local.cloud.idle();
    for (const id of [small, large, other]) await cancel(id);
    const first = await local.sendoff(`forget ${address} --yes --json`);
    expect(first.exitCode).toBe(1);
    expect(JSON.parse(first.out)).toMatchObject({ runs: 3, runs_not_ended: [waiting], run_values_not_searched: 0 });
    const statuses = () =>
      Promise.all(
        [small, large, succeeded, waiting, other].map(async (id) => (await request('GET', `/runs/${id}`)).status),
      );
    expect(await statuses()).toEqual([404, 404, 404, 200, 200]);
    await cancel(waiting);
    expect((await local.sendoff(`forget ${address} --yes`)).exitCode).toBe(0);
    expect(await statuses()).toEqual([404, 404, 404, 404, 200]);
  });

  it('takes an address for the same however it is quoted', async () => {
    const id = await send({ to: `Zo <${quoted}>` });
    await settled();
    expect((await local.sendoff(`forget ${person} --dry-run`)).notes).toContain('1 with this address (to: 1)');
    expect((await local.sendoff('forget - --yes', { input: `${quoted}\n` })).exitCode).toBe(0);
    expect(await exists(id)).toEqual([false]);
  });

  it('leaves the emails of others, also those that mention the address', async () => {
    const others = [
      await send({ to: 'x-zo.erase@example.com' }),
      await send({ subject: `About ${person}`, tags: [{ name: 'for', value: 'zo' }] }),
      await send({ from: person }),
    ];
    await settled();
    expect((await local.sendoff(`forget ${person} --yes`)).exitCode).toBe(0);
    expect(await exists(...others)).toEqual([true, true, true]);
    expect((await local.sendoff(`forget ${person} --yes --sender`)).out).toContain('Deleted 1 email');
    expect(await exists(...others)).toEqual([true, true, false]);
  });

  it('deletes what it can, and names documents it cannot read and those that are not about the person alone', async () => {
    const [odd, damaged, id] = [await putRecord({ to: 7 }), randomUUID(), await send({ to: person })];
    await stored.putDamaged(recordKey(damaged), 'someone@example.com');
    const key = `api-key#${randomUUID()}`;
    await local.table.insert({ key, fields: { name: `key of ${person}` } });
    await settled();
    const { exitCode, out, notes } = await local.sendoff(`forget ${person} --yes --json`);
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ deleted: 1, elsewhere: [key] });
    expect(JSON.parse(out).unreadable.toSorted()).toEqual([recordKey(odd), recordKey(damaged)].toSorted());
    expect(notes).toContain(recordKey(odd));
    expect(notes).toContain(`Names the address, but is not about this person alone: ${key}`);
    expect(await exists(odd, id)).toEqual([true, false]);
    expect(await local.sendoff(`forget ${person} --dry-run`)).toMatchObject({
      exitCode: 0,
      out: 'Nothing was deleted.',
    });
    await local.table.delete(key);
  });
}

describe('sendoff forget', () => {
  const local = localCli({ config: { tasks } });

  const put = async (more: Partial<NewDocument> = {}) => {
    const id = randomUUID();
    await local.table.insert({ key: recordKey(id), fields: { id, status: 'sent', to: ['late@example.com'] }, ...more });
    return id;
  };

  it('deletes what has expired and DynamoDB has not deleted yet', async () => {
    await put({ expiresAtMs: Date.now() - 5_000 });
    expect(await openStored(local).everything()).toContain('late@example.com');
    expect((await local.sendoff('forget late@example.com --yes')).exitCode).toBe(0);
    expect(await openStored(local).everything()).not.toContain('late@example.com');
  });

  it('goes on when a deletion fails, and names what is left', async () => {
    const ids = [await put(), await put(), await put()];
    const fault = local.cloud.faults.add({
      ...{ service: 'dynamodb', action: 'DeleteItem', match: (body) => body.includes(ids[1] ?? ''), when: 'before' },
      effect: { kind: 'error', status: 400, code: 'AccessDeniedException', message: 'not this one' },
    });
    const { exitCode, out, notes } = await local.sendoff('forget late@example.com --yes --json');
    fault.remove();
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ deleted: 2, unsent: [], not_deleted: [recordKey(ids[1] ?? '')] });
    expect(notes).toContain('not this one');
    expect((await local.sendoff('forget late@example.com --yes')).exitCode).toBe(0);
    expect(await local.table.getMany(ids.map(recordKey))).toEqual([undefined, undefined, undefined]);
  });

  erasure(local);
});

describe.skipIf(!hasRedis)('sendoff forget on the backend redis', () => {
  const local = localCli({ config: { backend: 'redis', tasks } });
  erasure(local);

  it('says that the append-only file keeps what was deleted', async () => {
    const args = 'send --from me@example.com --to aof@example.com --subject Hi --text Hello';
    await local.sendoff(args);
    await local.cloud.idle();
    const { out } = await local.sendoff('forget aof@example.com --yes');
    expect(out).toMatch(/append-only file .*BGREWRITEAOF/);
    expect(out).toMatch(/Upstash/);
    expect(out).toMatch(/jobs that wait in queues: .*29 hours/);
  });
});
