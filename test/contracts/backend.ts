import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Backend, Submission } from '../../functions/core/ports/backend.ts';
import type { Delivery, Job, OutgoingJob } from '../../functions/core/ports/broker.ts';
import type { QueueName } from '../../functions/core/queues.ts';

/** The parts of a backend; where one service is all of it, each part failing is that service failing. */
export type BackendPart = 'table' | 'bodies' | 'broker';

export interface BackendUnderTest {
  readonly backend: Backend;
  /** Takes (and acknowledges) what can be delivered now; empty when nothing can. */
  receive(queue: QueueName): Promise<Delivery[]>;
  /** Makes the next write to this part fail as an outage does: once, nothing written. */
  failNext(part: BackendPart): void;
  close(): Promise<void>;
}

type EmailSubmission = Submission & Required<Pick<Submission, 'body'>>;

/** The contract of every backend's `submit`: everything durable, or a rejection that leaves nothing a caller was not told of. */
export function backendContract(name: string, create: () => Promise<BackendUnderTest>): void {
  describe(`${name} keeps the backend's contract`, () => {
    let underTest: BackendUnderTest;
    let backend: Backend;

    beforeAll(async () => {
      underTest = await create();
      backend = underTest.backend;
    });
    afterAll(() => underTest?.close());
    afterEach(() => receiveAll());

    const receiveAll = async (queue: QueueName = 'transactional'): Promise<Job[]> => {
      const jobs: Job[] = [];
      for (let batch = await underTest.receive(queue); batch.length > 0; batch = await underTest.receive(queue))
        jobs.push(...batch.map(({ body }) => JSON.parse(body)));
      return jobs;
    };
    const submission = (id = randomUUID(), { payload = 'a', repeatable = false } = {}): EmailSubmission => ({
      record: {
        key: `email#${id}`,
        fields: { id, payload, status: 'queued', attempts: 0, timeline: [{ atMs: 1, event: 'queued' }] },
        list: { partition: 'email', sort: id },
        expiresAtMs: Date.now() + 3_600_000,
      },
      body: { key: `body#${id}#${payload}`, bytes: Buffer.from(`${id} ${payload}`) },
      job: { queue: 'transactional', job: { task: 'email.send', args: { id, payload }, attempt: 1 } },
      repeatable,
    });
    const bodyOf = async ({ body }: EmailSubmission) => {
      const bytes = await backend.bodies.get(body.key);
      return bytes && Buffer.from(bytes).toString();
    };

    it('makes record, index entry, body and job of each durable, and answers in order', async () => {
      const submissions = [submission(), submission(), submission()];
      const outcomes = await backend.submit(submissions);
      expect(outcomes.map(({ applied }) => applied)).toEqual([true, true, true]);
      for (const { record, body } of submissions) {
        expect(await backend.table.get(record.key)).toEqual(record.fields);
        expect(Buffer.from((await backend.bodies.get(body.key)) ?? [])).toEqual(Buffer.from(body.bytes));
      }
      const jobs = await receiveAll();
      expect(jobs).toHaveLength(3);
      expect(jobs).toEqual(expect.arrayContaining(submissions.map(({ job }) => job?.job)));
      const { record } = submissions[0] ?? submission();
      const sort = record.list?.sort ?? '';
      const entries = await backend.table.query({ index: 'list', partition: 'email', limit: 100, order: 'ascending' });
      expect(entries).toContainEqual({ key: record.key, sort });
    });

    it('takes a whole batch of 100', async () => {
      const submissions = Array.from({ length: 100 }, () => submission());
      const outcomes = await backend.submit(submissions);
      expect(outcomes.every(({ applied }) => applied)).toBe(true);
      expect(await backend.table.getMany(submissions.map(({ record }) => record.key))).toEqual(
        submissions.map(({ record }) => record.fields),
      );
      expect(await receiveAll()).toHaveLength(100);
    });

    it('queues nothing for a submission without a job', async () => {
      const { job: _, ...later } = submission();
      await backend.submit([later]);
      expect(await backend.table.get(later.record.key)).toEqual(later.record.fields);
      expect(await receiveAll()).toEqual([]);
    });

    it('stores no body for a submission without one', async () => {
      const { body, ...bare } = submission();
      expect(await backend.submit([bare])).toMatchObject([{ applied: true }]);
      expect(await backend.table.get(bare.record.key)).toEqual(bare.record.fields);
      expect(await backend.bodies.get(body.key)).toBeUndefined();
      expect(await receiveAll()).toEqual([bare.job?.job]);
    });

    it('holds back the job of an email that is due later', async () => {
      const { job, ...rest } = submission();
      if (!job) throw new Error('a submission has a job');
      await backend.submit([{ ...rest, job: { ...job, job: { ...job.job, dueAtMs: Date.now() + 600_000 } } }]);
      expect(await receiveAll()).toEqual([]);
    });

    it('answers the record that was there first, and leaves it and its body as they are', async () => {
      const id = randomUUID();
      const first = submission(id, { payload: 'first', repeatable: true });
      const second = submission(id, { payload: 'second', repeatable: true });
      await backend.submit([first]);
      const other = submission();
      const outcomes = await backend.submit([second, other]);
      expect(outcomes).toMatchObject([{ applied: false, document: first.record.fields }, { applied: true }]);
      expect(await backend.table.get(first.record.key)).toEqual(first.record.fields);
      expect(await bodyOf(first)).toBe(`${id} first`);
    });

    it('lets exactly one of many submissions of one key at once win', async () => {
      const id = randomUUID();
      const racers = Array.from({ length: 10 }, (_, racer) =>
        submission(id, { payload: `p${racer}`, repeatable: true }),
      );
      const outcomes = (await Promise.all(racers.map((racer) => backend.submit([racer])))).flat();
      expect(outcomes.filter(({ applied }) => applied)).toHaveLength(1);
      const standing = await backend.table.get<{ payload: string }>(`email#${id}`);
      for (const { applied, document } of outcomes) if (!applied) expect(document).toEqual(standing);
      expect(await bodyOf(submission(id, { payload: standing?.payload ?? '' }))).toBe(`${id} ${standing?.payload}`);
    });

    describe.each<BackendPart>(['table', 'bodies', 'broker'])('when the %s fails', (part) => {
      it('rejects, saying that a later try can help, and deletes what no one can know of', async () => {
        const submissions = [submission(), submission()];
        underTest.failNext(part);
        await expect(backend.submit(submissions)).rejects.toMatchObject({ retryable: true, status: 503 });
        for (const { record } of submissions) expect(await backend.table.get(record.key)).toBeUndefined();
      });

      it('takes the same repeatable submission again, whole', async () => {
        const again = submission(randomUUID(), { repeatable: true });
        underTest.failNext(part);
        await expect(backend.submit([again])).rejects.toMatchObject({ retryable: true });
        await receiveAll();
        const [outcome] = await backend.submit([again]);
        expect(outcome?.applied || outcome?.document).toBeTruthy();
        expect(await backend.table.get(again.record.key)).toEqual(again.record.fields);
        expect(await bodyOf(again)).toBe(again.body.bytes.toString());
        expect(await receiveAll()).toEqual([again.job?.job]);
      });

      it('does not delete a repeatable record that was answered before', async () => {
        const first = submission(randomUUID(), { repeatable: true });
        await backend.submit([first]);
        underTest.failNext(part);
        await expect(backend.submit([first])).rejects.toMatchObject({ retryable: true });
        expect(await backend.table.get(first.record.key)).toEqual(first.record.fields);
        expect(await bodyOf(first)).toBe(first.body.bytes.toString());
      });
    });

    it.each(['sending', 'queued', 'sent'])('does not delete a record that a worker has had: %s', async (status) => {
      const claimed = submission();
      await backend.submit([claimed]);
      await backend.table.update(claimed.record.key, { set: { status, attempts: 1 } });
      underTest.failNext('broker');
      await expect(backend.submit([claimed])).rejects.toMatchObject({ retryable: true });
      expect(await backend.table.get(claimed.record.key)).toMatchObject({ status });
    });

    describe('a change with a job', () => {
      const again: OutgoingJob = {
        queue: 'transactional',
        job: { task: 'email.send', args: { again: true }, attempt: 1 },
      };
      const failed = async () => {
        const { job: _, ...one } = submission();
        await backend.submit([one]);
        await backend.table.update(one.record.key, { set: { status: 'failed' } });
        return one.record.key;
      };
      const retry = (key: string) =>
        backend.updateAndSend(key, { set: { status: 'queued' }, remove: ['payload'] }, [{ status: 'failed' }], again);

      it('does both, and answers the document as it is then', async () => {
        const key = await failed();
        const { applied, document } = await retry(key);
        expect(applied).toBe(true);
        expect(document).toMatchObject({ status: 'queued' });
        expect(document).not.toHaveProperty('payload');
        expect(await backend.table.get(key)).toEqual(document);
        expect(await receiveAll()).toEqual([again.job]);
      });

      it('does neither when no condition holds', async () => {
        const key = await failed();
        await backend.table.update(key, { set: { status: 'sent' } });
        expect(await retry(key)).toMatchObject({ applied: false, document: { status: 'sent' } });
        expect(await retry('email#none')).toEqual({ applied: false, document: undefined });
        expect(await receiveAll()).toEqual([]);
      });

      it('keeps the job until its time', async () => {
        const key = await failed();
        const later = { ...again, job: { ...again.job, dueAtMs: Date.now() + 600_000 } };
        expect((await backend.updateAndSend(key, { set: { status: 'queued' } }, [], later)).applied).toBe(true);
        expect(await receiveAll()).toEqual([]);
      });

      it('rejects when the job could not be queued, and can be repeated', async () => {
        const key = await failed();
        underTest.failNext('broker');
        await expect(retry(key)).rejects.toMatchObject({ retryable: true, status: 503 });
        expect(await receiveAll()).toEqual([]);
        const anyOf = [{ status: { in: ['failed', 'queued'] } }];
        expect((await backend.updateAndSend(key, { set: { status: 'queued' } }, anyOf, again)).applied).toBe(true);
        expect(await receiveAll()).toEqual([again.job]);
      });
    });
  });
}
