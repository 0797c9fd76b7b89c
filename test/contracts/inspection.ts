import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../functions/core/email/record.ts';
import { listDeadLetters, redriveDeadLetters } from '../../functions/core/inspection/dead-letters.ts';
import { purgeDeadLetters } from '../../functions/core/inspection/purge.ts';
import type { Broker } from '../../functions/core/ports/broker.ts';
import type { DeadLetter, Inspection } from '../../functions/core/ports/inspection.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { type QueueName, queueNames } from '../../functions/core/queues.ts';

export interface InspectionUnderTest {
  /** Opens it as another operator does. */
  open(): Inspection;
  readonly broker: Broker;
  readonly table: Table;
  /** Receives one job and does not acknowledge it. */
  take(queue: QueueName): Promise<void>;
  /** Puts a text among the dead letters, as one that came from this queue; `undefined`: from no queue that is known. */
  bury(body: string, queue?: QueueName): Promise<void>;
  /** The texts that wait on a queue. */
  waiting(queue: QueueName): Promise<string[]>;
  /** While true, no request to the broker succeeds. */
  setDown(down: boolean): void;
  /** Empties all queues, that of the dead letters too. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const POISON = '{"not JSON';
const MANY = 25;
const none = { waiting: 0, running: 0, delayed: 0 };
const jobOf = (id: string) => JSON.stringify({ task: 'email.send', args: { id, fingerprint: 'f' }, attempt: 1 });
const jobs = (count: number) => Array.from({ length: count }, (_, id) => jobOf(String(id)));

/** The contract of every inspection: show all, hide nothing for long, and lose nothing wherever it ends. */
export function inspectionContract(name: string, create: () => Promise<InspectionUnderTest>): void {
  describe(`${name} keeps the inspection's contract`, () => {
    let underTest: InspectionUnderTest;

    beforeAll(async () => {
      underTest = await create();
    });
    afterAll(() => underTest?.close());
    beforeEach(() => underTest.clear());

    const signal = new AbortController().signal;
    const deadLetters = () => underTest.open().deadLetters;
    const all = async () => (await listDeadLetters(deadLetters(), 1_000, signal)).letters;
    const bodies = (letters: readonly DeadLetter[]) => letters.map(({ body }) => body).toSorted();
    const buryAll = async (texts: readonly string[], queue: QueueName = 'bulk') => {
      for (const text of texts) await underTest.bury(text, queue);
    };
    const redriveAll = (options = {}) =>
      redriveDeadLetters(
        deadLetters(),
        { ids: [], all: true },
        { signal, startedAtMs: Date.now() + 60_000, ...options },
      );
    const purge = (ids: readonly string[] | 'all') =>
      purgeDeadLetters(
        { deadLetters: deadLetters(), table: underTest.table },
        ids === 'all' ? { ids: [], all: true } : { ids },
        { signal, now: Date.now },
      );

    it('finds nothing in empty queues, and does nothing to them', async () => {
      const depths = await underTest.open().depths();
      expect(depths).toMatchObject([...queueNames, 'dead letters'].map((queue) => ({ queue, ...none })));
      for (const { oldestMs = 0 } of depths) expect(oldestMs).toBe(0);
      expect(await deadLetters().count()).toBe(0);
      expect(await all()).toEqual([]);
      expect(await redriveAll()).toEqual({ taken: 0, left: 0, late: 0, missing: [], stopped: false });
      expect(await purge('all')).toEqual({ taken: 0, left: 0, emailsFailed: 0, missing: [], stopped: false });
    });

    it('tells waiting, running and delayed jobs apart, by queue', async () => {
      const job = { task: 'note', args: {}, attempt: 1 };
      const later = { ...job, dueAtMs: Date.now() + 600_000 };
      await underTest.broker.send([
        ...Array.from({ length: 3 }, () => ({ queue: 'transactional', job }) as const),
        { queue: 'bulk', job: later },
        { queue: 'webhook-slow', job: later },
        { queue: 'webhook-slow', job },
      ]);
      await underTest.take('transactional');
      await underTest.bury(POISON);
      expect(await underTest.open().depths()).toMatchObject([
        { queue: 'transactional', waiting: 2, running: 1, delayed: 0 },
        { queue: 'bulk', waiting: 0, running: 0, delayed: 1 },
        { queue: 'webhook', ...none },
        { queue: 'webhook-slow', waiting: 1, running: 0, delayed: 1 },
        { queue: 'dead letters', ...none, waiting: 1 },
      ]);
    });

    it('tells of a dead letter what it is, about which email, from which queue and since when', async () => {
      await underTest.bury(jobOf('42'), 'webhook');
      const [letter] = await all();
      expect(letter).toMatchObject({
        body: jobOf('42'),
        job: { task: 'email.send', attempt: 1, args: { id: '42', fingerprint: 'f' } },
        emailId: '42',
        sourceQueue: 'webhook',
        receiveCount: expect.any(Number),
      });
      expect(Math.abs(Date.now() - (letter?.queuedAtMs ?? 0))).toBeLessThan(60_000);
    });

    it('shows each of many dead letters once, more than a page, and again at once', async () => {
      await buryAll(jobs(MANY));
      for (let time = 0; time < 2; time++) {
        const letters = await all();
        expect(bodies(letters)).toEqual(jobs(MANY).toSorted());
        expect(new Set(letters.map(({ id }) => id)).size).toBe(MANY);
        expect(await deadLetters().count()).toBe(MANY);
      }
    });

    it('hides nothing after a loop that was left early', async () => {
      await buryAll(jobs(MANY));
      for await (const page of deadLetters().pages()) {
        expect(page.length).toBeLessThan(MANY);
        break;
      }
      const first = await listDeadLetters(deadLetters(), 3, signal);
      expect([first.letters.length, first.stopped]).toEqual([3, true]);
      expect(await all()).toHaveLength(MANY);
    });

    it('finds one dead letter by its id, and leaves it where it is', async () => {
      await buryAll(jobs(MANY));
      for (const letter of (await all()).slice(-3)) {
        const { id, body } = letter;
        expect(await deadLetters().find(id)).toMatchObject({ id, body });
      }
      expect(await all()).toHaveLength(MANY);
    });

    it.each(['nope', '', randomUUID(), '1-1', '0-0', '5-0', '1-99999999999999999999', '-1', '*'])(
      'finds none with the id %j',
      async (id) => {
        await buryAll(jobs(2));
        expect(await deadLetters().find(id)).toBeUndefined();
        const redriven = await redriveDeadLetters(deadLetters(), { ids: [id] }, { signal, startedAtMs: Date.now() });
        expect(redriven).toMatchObject({ taken: 0, missing: [id] });
        expect(await purge([id])).toMatchObject({ taken: 0, missing: [id] });
        expect(await all()).toHaveLength(2);
      },
    );

    it('redrives all to the queue that each came from', async () => {
      await buryAll(jobs(MANY), 'bulk');
      await underTest.bury(jobOf('w'), 'webhook-slow');
      const progress: number[] = [];
      const onProgress = (visited: number) => progress.push(visited);
      expect(await redriveAll({ onProgress })).toMatchObject({ taken: MANY + 1, left: 0 });
      expect(progress).toEqual(progress.toSorted((a, b) => a - b));
      expect([progress.length > 1, progress.at(-1)]).toEqual([true, MANY + 1]);
      expect((await underTest.waiting('bulk')).toSorted()).toEqual(jobs(MANY).toSorted());
      expect(await underTest.waiting('webhook-slow')).toEqual([jobOf('w')]);
      expect(await all()).toEqual([]);
    });

    it('redrives those named and no others', async () => {
      await buryAll(jobs(4));
      const [first, second] = await all();
      const choice = { ids: [first?.id ?? '', second?.id ?? '', 'nope'] };
      const redriven = await redriveDeadLetters(deadLetters(), choice, { signal, startedAtMs: Date.now() });
      expect(redriven).toMatchObject({ taken: 2, missing: ['nope'] });
      expect((await underTest.waiting('bulk')).toSorted()).toEqual(bodies([first, second].flatMap((one) => one ?? [])));
      expect(await all()).toHaveLength(2);
    });

    it('redrives a poison message to the queue it came from, and keeps one that came from none', async () => {
      await underTest.bury(POISON, 'webhook');
      await underTest.bury(`${POISON} from nowhere`);
      expect(await redriveAll()).toMatchObject({ taken: 1, left: 1, late: 0 });
      expect(await underTest.waiting('webhook')).toEqual([POISON]);
      expect(await all()).toMatchObject([{ body: `${POISON} from nowhere`, job: undefined, emailId: undefined }]);
      expect((await all())[0]?.sourceQueue).toBeUndefined();
    });

    it('leaves what came in after the redrive of all began', async () => {
      await buryAll(jobs(2));
      expect(await redriveAll({ startedAtMs: Date.now() - 3_600_000 })).toMatchObject({ taken: 0, left: 2, late: 2 });
      expect(await all()).toHaveLength(2);
    });

    it('redrives each once when two operators do it at the same time', async () => {
      await buryAll(jobs(15));
      await Promise.all([redriveAll(), redriveAll()]);
      // What one of them has in hand the other does not see.
      await redriveAll();
      expect((await underTest.waiting('bulk')).toSorted()).toEqual(jobs(15).toSorted());
      expect(await all()).toEqual([]);
    });

    it('stops between pages when it is interrupted; nothing is lost, and the next redrive takes the rest', async () => {
      await buryAll(jobs(MANY));
      const controller = new AbortController();
      const stopped = await redriveAll({ signal: controller.signal, onProgress: () => controller.abort() });
      expect(stopped).toMatchObject({ stopped: true, left: 0 });
      expect(stopped.taken).toBeLessThan(MANY);
      const rest = await all();
      expect([...bodies(rest), ...(await underTest.waiting('bulk'))].toSorted()).toEqual(jobs(MANY).toSorted());
      expect(rest).toHaveLength(MANY - stopped.taken);
      expect((await redriveAll()).taken).toBe(MANY - stopped.taken);
    });

    it('reads nothing when it is interrupted before it begins', async () => {
      await buryAll(jobs(1));
      const aborted = AbortSignal.abort();
      expect(await redriveAll({ signal: aborted })).toMatchObject({ taken: 0, stopped: true });
      expect(await listDeadLetters(deadLetters(), 10, aborted)).toEqual({ letters: [], stopped: true });
      expect(await all()).toHaveLength(1);
    });

    it('purges those named, then all, and requeues none', async () => {
      await buryAll([...jobs(MANY), POISON]);
      const [first] = await all();
      expect(await purge([first?.id ?? ''])).toMatchObject({ taken: 1, missing: [] });
      expect(await all()).toHaveLength(MANY);
      expect(await purge('all')).toMatchObject({ taken: MANY, left: 0 });
      expect([await all(), await underTest.waiting('bulk')]).toEqual([[], []]);
    });

    it('ends the email of a purged job as failed', async () => {
      const id = randomUUID();
      const fields = {
        id,
        status: 'sending',
        fingerprint: 'f',
        attempts: 1,
        leaseUntilMs: Date.now() - 1,
        timeline: [],
      };
      await underTest.table.insert({ key: recordKey(id), fields });
      await underTest.bury(jobOf(id));
      expect(await purge('all')).toMatchObject({ taken: 1, emailsFailed: 1 });
      const record = await underTest.table.get<EmailRecord>(recordKey(id));
      expect(record?.status).toBe('failed');
      expect(record?.timeline.at(-1)?.detail).toBe('Its job was purged from the dead-letter queue');
    });

    it('rejects, saying that a later try can help, while the broker is down', async () => {
      await buryAll(jobs(1));
      underTest.setDown(true);
      const unavailable = { name: 'SendoffError', status: 503, retryable: true };
      const { depths, deadLetters: down } = underTest.open();
      await expect(depths()).rejects.toMatchObject(unavailable);
      await expect(down.count()).rejects.toMatchObject(unavailable);
      await expect(down.pages().next()).rejects.toMatchObject(unavailable);
      await expect(down.find('1-2')).rejects.toMatchObject(unavailable);
      underTest.setDown(false);
      expect(await all()).toHaveLength(1);
    });
  });
}
