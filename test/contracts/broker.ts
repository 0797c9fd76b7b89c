import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Broker, Delivery, Job, OutgoingJob } from '../../functions/core/ports/broker.ts';
import type { QueueName } from '../../functions/core/queues.ts';

export interface BrokerUnderTest {
  readonly broker: Broker;
  /** Takes (and acknowledges) what can be delivered now; empty when nothing can. */
  receive(queue: QueueName): Promise<Delivery[]>;
  /** While true, nothing the broker asks of its store succeeds: as when the service is down. */
  setDown(down: boolean): void;
  close(): Promise<void>;
}

/** The contract of every broker. */
export function brokerContract(name: string, create: () => Promise<BrokerUnderTest>): void {
  describe(`${name} keeps the broker's contract`, () => {
    let underTest: BrokerUnderTest;

    beforeAll(async () => {
      underTest = await create();
    });
    afterAll(() => underTest?.close());
    afterEach(async () => {
      underTest.setDown(false);
      await Promise.all([receiveAll('transactional'), receiveAll('bulk')]);
    });

    const send = (...jobs: OutgoingJob[]) => underTest.broker.send(jobs);
    const outgoing = (job: Partial<Job> = {}, queue: QueueName = 'transactional'): OutgoingJob => ({
      queue,
      job: { task: 'email.send', args: { id: '1' }, attempt: 1, ...job },
    });
    const receiveAll = async (queue: QueueName): Promise<Delivery[]> => {
      const deliveries: Delivery[] = [];
      for (let batch = await underTest.receive(queue); batch.length > 0; batch = await underTest.receive(queue))
        deliveries.push(...batch);
      return deliveries;
    };
    const jobs = (deliveries: readonly Delivery[]): Job[] => deliveries.map(({ body }) => JSON.parse(body));
    /** Asks until so many have come. */
    const arrival = async (queue: QueueName, count: number): Promise<Delivery[]> => {
      const deliveries: Delivery[] = [];
      const ask = async () => {
        deliveries.push(...(await underTest.receive(queue)));
        return deliveries.length >= count;
      };
      await vi.waitUntil(ask, { interval: 10, timeout: 5_000 });
      return deliveries;
    };

    it('delivers a job as it was sent, once, with its queue and something to acknowledge it by', async () => {
      const { job } = outgoing({ args: { id: 'ü"\\\n👋', n: 1.5, none: null, list: [1, {}] }, attempt: 3 });
      await send({ queue: 'transactional', job });
      const [delivery, ...others] = await arrival('transactional', 1);
      expect(JSON.parse(delivery?.body ?? '')).toEqual(job);
      expect(delivery?.queue).toBe('transactional');
      expect(delivery?.id).toMatch(/./);
      expect(others).toEqual([]);
      expect(await receiveAll('transactional')).toEqual([]);
    });

    it('delivers every one of more jobs than a batch holds, each on its own queue', async () => {
      const all = Array.from({ length: 47 }, (_, id) =>
        outgoing({ args: { id } }, id % 3 === 0 ? 'bulk' : 'transactional'),
      );
      await send(...all);
      for (const queue of ['bulk', 'transactional'] as const) {
        const expected = all.filter((one) => one.queue === queue).map(({ job }) => job);
        const received = jobs(await arrival(queue, expected.length));
        expect(received).toHaveLength(expected.length);
        expect(received).toEqual(expect.arrayContaining(expected));
        expect(await receiveAll(queue)).toEqual([]);
      }
    });

    it('delivers the jobs of a small group among the first of those that a large one queued before', async () => {
      const of = (group: string, count: number) =>
        Array.from({ length: count }, (_, id) => outgoing({ group, args: { id } }, 'bulk'));
      await send(...of('a', 300));
      await send(...of('b', 20));
      const groups = jobs(await arrival('bulk', 320)).map(({ group }) => group);
      expect(groups.lastIndexOf('b')).toBeLessThan(70);
      expect(groups.filter((group) => group === 'b')).toHaveLength(20);
    });

    it('gives each delivery an id of its own, even to equal jobs', async () => {
      await send(outgoing(), outgoing(), outgoing());
      const ids = (await arrival('transactional', 3)).map(({ id }) => id);
      expect(new Set(ids).size).toBe(3);
    });

    it('sends nothing when there is nothing to send', async () => {
      await send();
      expect(await receiveAll('transactional')).toEqual([]);
      expect(await receiveAll('bulk')).toEqual([]);
    });

    it('delivers a job at once whose time has come', async () => {
      const job = { dueAtMs: Date.now() - 60_000, expiresAtMs: Date.now() + 60_000 };
      await send(outgoing(job));
      expect(jobs(await arrival('transactional', 1))).toEqual([outgoing(job).job]);
    });

    it('holds a job back until its time, by a second at most too early, and lets others pass it', async () => {
      const dueAtMs = Date.now() + 1_200;
      await send(outgoing({ args: { id: 'later' }, dueAtMs }), outgoing({ args: { id: 'now' } }));
      expect(jobs(await arrival('transactional', 1))).toEqual([outgoing({ args: { id: 'now' } }).job]);
      const [late] = jobs(await arrival('transactional', 1));
      expect(Date.now()).toBeGreaterThanOrEqual(dueAtMs - 1_000);
      expect(late).toEqual(outgoing({ args: { id: 'later' }, dueAtMs }).job);
    });

    it('takes a job due in a month, and does not deliver it now', async () => {
      await send(outgoing({ dueAtMs: Date.now() + 30 * 86_400_000 }));
      expect(await receiveAll('transactional')).toEqual([]);
    });

    it('rejects, saying that a later try can help, when the jobs cannot be made durable', async () => {
      underTest.setDown(true);
      await expect(send(outgoing(), outgoing({}, 'bulk'))).rejects.toMatchObject({
        name: 'SendoffError',
        code: 'service_unavailable',
        status: 503,
        retryable: true,
        cause: expect.anything(),
      });
      underTest.setDown(false);
      await send(outgoing());
      expect(await arrival('transactional', 1)).toHaveLength(1);
    });
  });
}
