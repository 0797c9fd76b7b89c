import { describe, expect, it } from 'vitest';
import { recordKey } from '../../../../functions/core/email/record.ts';
import { isId } from '../../../../functions/core/ids.ts';
import { createApiClient, SENDING_KEY } from '../../../helpers/api-client.ts';
import { plainEmail } from '../../../helpers/sending-simulation.ts';

describe('POST /emails', () => {
  it('answers only the id', async () => {
    const client = await createApiClient();
    const { status, body } = await client.ask('POST', '/emails', plainEmail);
    expect([status, Object.keys(body), isId(body.id)]).toEqual([200, ['id'], true]);
    expect(client.backend.waiting()).toMatchObject([{ queue: 'transactional', job: { args: { id: body.id } } }]);
  });

  it('names an unknown field and the most similar known one, and sends nothing', async () => {
    const { ask, backend } = await createApiClient();
    expect(await ask('POST', '/emails', { ...plainEmail, sheduled_at: 'tomorrow' })).toMatchObject({
      status: 422,
      body: { name: 'invalid_parameter', message: 'Unknown field `sheduled_at`. Did you mean `scheduled_at`?' },
    });
    expect(backend.waiting()).toEqual([]);
  });

  it('keeps an error short, whatever the request', async () => {
    const { ask } = await createApiClient();
    const long = 'x'.repeat(1_000_000);
    for (const fields of [
      { [long]: 1 },
      { to: long },
      { headers: { [long]: '1' } },
      { headers: { 'X-A': long } },
      { scheduled_at: long },
      { tags: [{ name: long, value: 'x' }] },
      { headers: { [long]: 1 } },
    ]) {
      const { status, body } = await ask('POST', '/emails', { ...plainEmail, ...fields });
      expect([status, JSON.stringify(body).length < 1_000]).toEqual([422, true]);
    }
  });
});

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-1' };

  it('gives the same answer to the same request, and 409 to another', async () => {
    const { ask, backend } = await createApiClient();
    const first = await ask('POST', '/emails', plainEmail, key);
    expect((await ask('POST', '/emails', plainEmail, key)).body).toEqual(first.body);
    expect(await ask('POST', '/emails', { ...plainEmail, subject: 'Other' }, key)).toMatchObject({
      status: 409,
      body: { statusCode: 409, name: 'invalid_idempotent_request' },
    });
    expect((await ask('GET', `/emails/${first.body.id}`)).body).toMatchObject({ subject: 'Hello', text: 'Hello, B.' });
    expect(await backend.table.query({ index: 'list', partition: 'email', limit: 9, order: 'ascending' })).toHaveLength(
      1,
    );
  });

  it('gives the first answer even if `scheduled_at` has passed since', async () => {
    const { ask, clock, backend } = await createApiClient();
    const scheduled_at = new Date(clock.nowMs + 3_600_000).toISOString();
    const email = { ...plainEmail, scheduled_at };
    const asked: [string, unknown, Record<string, string>][] = [
      ['/emails', email, key],
      ['/emails/batch', [plainEmail, email], { 'idempotency-key': 'batch' }],
    ];
    for (const [path, body, headers] of asked) {
      clock.nowMs = Date.parse(scheduled_at) - 3_600_000;
      const first = await ask('POST', path, body, headers);
      clock.nowMs += 2 * 3_600_000;
      expect(await ask('POST', path, body, headers)).toMatchObject({ status: 200, body: first.body });
      // With another payload, without a key, or with a key of the day before, the time is in the past.
      const other = JSON.stringify(body, null, 1);
      expect((await ask('POST', path, other, headers)).body.message).toContain('it is in the past');
      expect((await ask('POST', path, body)).body.message).toContain('it is in the past');
      clock.nowMs += 24 * 3_600_000;
      expect((await ask('POST', path, body, headers)).body.message).toContain('it is in the past');
    }
    const query = { index: 'list', partition: 'email', limit: 9, order: 'ascending' } as const;
    expect(await backend.table.query(query)).toHaveLength(3);
  });

  it('belongs to one API key', async () => {
    const { ask } = await createApiClient();
    const first = await ask('POST', '/emails', plainEmail, key);
    const second = await ask(
      'POST',
      '/emails',
      { ...plainEmail, subject: 'Other' },
      { ...key, authorization: `Bearer ${SENDING_KEY}` },
    );
    expect(second.status).toBe(200);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('has 1 to 256 characters', async () => {
    const { ask } = await createApiClient();
    for (const [idempotencyKey, status] of [
      ['', 400],
      ['k', 200],
      ['k'.repeat(256), 200],
      ['k'.repeat(257), 400],
    ] as const) {
      const answer = await ask('POST', '/emails', plainEmail, { 'idempotency-key': idempotencyKey });
      expect(answer.status).toBe(status);
      if (status === 400)
        expect(answer.body).toMatchObject({
          name: 'invalid_idempotency_key',
          message: expect.stringMatching(/^Idempotency keys, if present, must have between 1 and 256 characters\. /),
        });
    }
  });

  it('holds for batches, and between a batch and a single email', async () => {
    const { ask } = await createApiClient();
    const batch = [plainEmail, { ...plainEmail, subject: 'Two' }];
    const first = await ask('POST', '/emails/batch', batch, key);
    expect((await ask('POST', '/emails/batch', batch, key)).body).toEqual(first.body);
    expect((await ask('POST', '/emails/batch', batch.toReversed(), key)).status).toBe(409);
    expect((await ask('POST', '/emails', plainEmail, key)).status).toBe(409);
  });
});

describe('POST /emails/batch', () => {
  const bad = { ...plainEmail, to: 'nobody' };

  it('answers the ids in order, on the queue for bulk', async () => {
    const { ask, backend } = await createApiClient();
    const subjects = Array.from({ length: 100 }, (_, index) => `Subject ${index}`);
    const { status, body } = await ask(
      'POST',
      '/emails/batch',
      subjects.map((subject) => ({ ...plainEmail, subject })),
    );
    expect([status, Object.keys(body)]).toEqual([200, ['data']]);
    const records = await backend.table.getMany<{ subject: string }>(
      body.data.map(({ id }: { id: string }) => recordKey(id)),
    );
    expect(records.map((record) => record?.subject)).toEqual(subjects);
    expect(new Set(backend.waiting().map(({ queue }) => queue))).toEqual(new Set(['bulk']));
  });

  it.each([
    ['none', []],
    ['101', Array.from({ length: 101 }, () => plainEmail)],
  ])('takes 1 to 100 emails, not %s', async (_what, batch) => {
    const { ask } = await createApiClient();
    expect(await ask('POST', '/emails/batch', batch)).toMatchObject({
      status: 422,
      body: { message: `A batch must have 1 to 100 emails; this one has ${batch.length}.` },
    });
  });

  it('accepts only a list', async () => {
    const { ask } = await createApiClient();
    for (const body of [plainEmail, { data: [plainEmail] }, 'null'])
      expect(await ask('POST', '/emails/batch', body)).toMatchObject({
        status: 422,
        body: { name: 'invalid_parameter' },
      });
  });

  it.each<Record<string, string>>([{}, { 'x-batch-validation': 'strict' }])(
    'refuses all for one bad entry, and says which (%j)',
    async (headers) => {
      const { ask, backend } = await createApiClient();
      expect(await ask('POST', '/emails/batch', [plainEmail, bad, { from: 'x' }], headers)).toMatchObject({
        status: 422,
        body: {
          name: 'validation_error',
          message: expect.stringMatching(
            /^Invalid `to` field\. The email address .* \(Email 1 of the batch, from 0\)$/,
          ),
        },
      });
      expect(backend.waiting()).toEqual([]);
    },
  );

  it('sends the good entries in permissive mode, and says why each bad one was refused', async () => {
    const { ask, backend } = await createApiClient();
    const headers = { 'x-batch-validation': 'permissive' };
    const { status, body } = await ask('POST', '/emails/batch', [bad, plainEmail, null, plainEmail], headers);
    expect(status).toBe(200);
    expect(body.data).toHaveLength(2);
    expect(body.errors).toEqual([
      { index: 0, message: expect.stringContaining('Invalid `to` field') },
      { index: 2, message: expect.stringContaining('JSON object') },
    ]);
    expect(backend.waiting()).toHaveLength(2);
  });

  it('answers `errors` in permissive mode when no entry is bad, and when all are', async () => {
    const { ask, backend } = await createApiClient();
    const headers = { 'x-batch-validation': 'permissive' };
    expect((await ask('POST', '/emails/batch', [plainEmail], headers)).body).toMatchObject({ data: [{}], errors: [] });
    const { status, body } = await ask('POST', '/emails/batch', [bad], headers);
    expect([status, body]).toMatchObject([200, { data: [], errors: [{ index: 0 }] }]);
    expect(backend.waiting()).toHaveLength(1);
  });

  it('knows no other mode', async () => {
    const { ask } = await createApiClient();
    const headers = { 'x-batch-validation': 'lenient' };
    expect(await ask('POST', '/emails/batch', [plainEmail], headers)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('x-batch-validation') },
    });
  });
});
