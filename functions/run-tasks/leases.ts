import { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Logger } from '../core/ports/telemetry.ts';

/** A message that the function works on. */
export interface HeldMessage {
  readonly id: string;
  readonly receiptHandle: string;
  readonly queueUrl: string;
}

export interface LeaseOptions {
  readonly client: Pick<SQSClient, 'send'>;
  /** How long a message of a crashed function stays invisible, in seconds. */
  readonly seconds: number;
  readonly log: Logger;
}

/** The messages of one batch while the function works on them. */
export interface Leases {
  /** Notes that the job of a message ended well: its message may be deleted. */
  done(id: string): void;
  /** Notes that the job of a message failed: the message becomes visible when its lease ends. */
  failed(id: string): void;
  /** Ends the renewals, and waits for the requests in flight. */
  end(): Promise<void>;
}

/** Between two renewals; two fit in the shortest lease of 31 s, so one lost request does not end it. */
const RENEW_MS = 13_000;

/**
 * Makes the messages of a batch visible again soon after a crash: their queue hides them for longer than the longest task takes. The
 * first request is made at once. While jobs of the batch take long, the messages of the others that have ended are deleted here: those
 * of tasks without a record would run again when their lease ends.
 */
export function holdLeases(messages: readonly HeldMessage[], { client, seconds, log }: LeaseOptions): Leases {
  const running = new Map(messages.map((message) => [message.id, message]));
  const done: HeldMessage[] = [];
  const renew = async () => {
    await Promise.all([
      ...byQueue([...running.values()]).map(async ([QueueUrl, held]) => {
        const Entries = held.map((message) => ({ ...entry(message), VisibilityTimeout: seconds }));
        // A message that was deleted or received again meanwhile is refused by itself: its run has another owner.
        await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      }),
      ...byQueue(done.splice(0)).map(async ([QueueUrl, ended]) => {
        await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: ended.map(entry) }));
      }),
    ]).catch((error: unknown) => log.warn('the visibility of messages could not be changed', { error }));
  };
  let last = renew();
  const timer = setInterval(() => {
    last = renew();
  }, RENEW_MS);
  const take = (id: string): HeldMessage[] => {
    const message = running.get(id);
    running.delete(id);
    return message ? [message] : [];
  };
  return {
    done: (id) => void done.push(...take(id)),
    failed: (id) => void take(id),
    end: async () => {
      clearInterval(timer);
      await last;
    },
  };
}

/** SQS takes ten messages in a request, which is what a batch has. */
const byQueue = (messages: readonly HeldMessage[]) => [...Map.groupBy(messages, ({ queueUrl }) => queueUrl)];

const entry = ({ id, receiptHandle }: HeldMessage) => ({ Id: id, ReceiptHandle: receiptHandle });
