import type { Broker, Delivery, OutgoingJob } from '../../functions/core/ports/broker.ts';
import type { QueueName } from '../../functions/core/queues.ts';
import type { SimulatedTime } from '../helpers/simulated-time.ts';

/** The longest delay of SQS. */
const MOST_DELAY_MS = 900_000;
const BATCH = 10;
/** A long poll is answered so long after the first message is visible. */
const RECEIVE_MS = 5;
const MAX_RECEIVES = 5;

/** A queue of SQS in simulated time, which counts requests as SQS bills them. */
export interface SimulatedQueue {
  /** The delay is measured by the sender's clock (epoch ms), as SQS is told a delay and no time. */
  send(jobs: Parameters<Broker['send']>[0], senderMs?: number): Promise<void>;
  /** The messages of one receive, 1 to 10; undefined when the queue is closed. */
  receive(): Promise<Delivery[] | undefined>;
  /** Deletes a batch, apart from those that failed, which are visible again after `visibilityMs`. */
  settle(deliveries: readonly Delivery[], failed: readonly string[], visibilityMs: number): void;
  close(): void;
  /** Messages that are not deleted yet. */
  readonly size: number;
  readonly requests: number;
  readonly deadLetters: number;
}

interface Message {
  readonly id: string;
  readonly body: string;
  receives: number;
}

/** Makes an empty queue; a fair one takes the groups of its jobs in turn. */
export function createSimulatedQueue(name: QueueName, time: SimulatedTime, { fair = false } = {}): SimulatedQueue {
  const visible: Message[] = [];
  const receivers: (() => void)[] = [];
  let [head, size, requests, deadLetters, serial] = [0, 0, 0, 0, 0];
  let closed = false;
  /** Messages that are received and not settled, by group. */
  const inWork = new Map<string, number>();
  const show = (messages: readonly Message[]) => {
    visible.push(...messages);
    for (const wake of receivers.splice(0)) wake();
  };
  const showLater = (messages: readonly Message[], afterMs: number) => {
    if (afterMs <= 0) show(messages);
    else void time.wait(afterMs).then(() => show(messages));
  };
  const groupOf = ({ body }: Message): string => (fair ? (JSON.parse(body).group ?? '') : '');
  /** Those of the group with the fewest in work first. */
  const takeFairly = (): Message[] => {
    const batch: Message[] = [];
    while (batch.length < BATCH && visible.length > 0) {
      const loads = new Map(visible.map((message) => [message, inWork.get(groupOf(message)) ?? 0]));
      const least = Math.min(...loads.values());
      const next = visible.findIndex((message) => loads.get(message) === least);
      const [message] = visible.splice(next, 1);
      if (!message) break;
      batch.push(message);
      inWork.set(groupOf(message), least + 1);
    }
    return batch;
  };
  return {
    async send(jobs: readonly OutgoingJob[], senderMs = time.now()) {
      requests += Math.ceil(jobs.length / BATCH);
      size += jobs.length;
      // SQS delays by whole seconds.
      const delayMs = ({ job }: OutgoingJob) =>
        Math.min(MOST_DELAY_MS, Math.ceil(Math.max(0, (job.dueAtMs ?? 0) - senderMs) / 1_000) * 1_000);
      for (const [afterMs, some] of Map.groupBy(jobs, delayMs)) {
        const messages = some.map(({ job }) => ({ id: `${name}-${serial++}`, body: JSON.stringify(job), receives: 0 }));
        showLater(messages, afterMs);
      }
    },
    async receive() {
      while (head >= visible.length && !closed) {
        await new Promise<void>((resolve) => receivers.push(resolve));
        await time.wait(RECEIVE_MS);
      }
      if (closed) return undefined;
      requests++;
      const batch = fair ? takeFairly() : visible.slice(head, head + BATCH);
      if (!fair) head += batch.length;
      if (head > 10_000) {
        visible.splice(0, head);
        head = 0;
      }
      for (const message of batch) message.receives++;
      return batch.map((message): Delivery => Object.assign(message, { queue: name }));
    },
    settle(deliveries, failed, visibilityMs) {
      if (failed.length < deliveries.length) requests++;
      for (const delivery of deliveries) {
        const message = delivery as Delivery & Message;
        if (fair) inWork.set(groupOf(message), (inWork.get(groupOf(message)) ?? 1) - 1);
        if (failed.includes(delivery.id) && message.receives < MAX_RECEIVES) {
          showLater([message], visibilityMs);
          continue;
        }
        size--;
        if (failed.includes(delivery.id)) deadLetters++;
      }
    },
    close() {
      closed = true;
      for (const wake of receivers.splice(0)) wake();
    },
    get size() {
      return size;
    },
    get requests() {
      return requests;
    },
    get deadLetters() {
      return deadLetters;
    },
  };
}
