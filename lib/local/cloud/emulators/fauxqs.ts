import { buildApp } from 'fauxqs';
import { type DeadLetterSources, noteSource } from './dead-letter-source.ts';
import { makeFair } from './fair-queue.ts';
import {
  type FauxqsInternals,
  type FauxqsPersistence,
  type FauxqsStores,
  loadFauxqsInternals,
  type SqsAction,
} from './fauxqs-internals.ts';

/** One queue of fauxqs. */
export type FauxqsQueue = NonNullable<ReturnType<FauxqsStores['sqsStore']['getQueueByArn']>>;

/** An HTTP request to fauxqs, without a socket. */
export type FauxqsRequest = { method: string; url: string; headers: Record<string, unknown>; payload: Buffer | string };
export type FauxqsAnswer = { status: number; headers: Record<string, unknown>; body: Buffer };

/** fauxqs without a socket. */
export type Fauxqs = FauxqsStores & {
  sqsActions: ReadonlyMap<string, SqsAction>;
  deadLetterSources: DeadLetterSources;
  /** Sends an HTTP request to its SNS and S3 routes, in process. */
  inject: (request: FauxqsRequest) => Promise<FauxqsAnswer>;
  /** Publishes to an SNS topic; throws when there is none. Does nothing once it is closed. */
  publish: (topicArn: string, message: string) => Promise<void>;
  close: () => Promise<void>;
};

/** Embeds fauxqs: its actions and routes are called in process, on stores that the resources of a template are created in. */
export async function embedFauxqs(options: { region: string; dataDirectory?: string | undefined }): Promise<Fauxqs> {
  const internals = await loadFauxqsInternals();
  const { SqsStore, SnsStore, S3Store } = internals;
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  const persistence = options.dataDirectory ? persist(internals, stores, options.dataDirectory) : undefined;
  const deadLetterSources: DeadLetterSources = new Map();
  completeQueues(stores.sqsStore, deadLetterSources);
  const app = buildApp({ logger: false, defaultRegion: options.region, stores });
  await app.ready();
  const inject: Fauxqs['inject'] = async ({ method, url, headers, payload }) => {
    const request = { method: method as 'GET', url, headers: headers as Record<string, string>, payload };
    const answer = await app.inject(request);
    return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload };
  };
  let closed = false;
  return {
    ...stores,
    sqsActions: internals.sqsActions,
    deadLetterSources,
    inject,
    publish: async (topicArn, message) => {
      if (!closed) await publish(inject, topicArn, message);
    },
    close: async () => {
      closed = true;
      await app.close();
      persistence?.close();
    },
  };
}

/** Gives queues what fauxqs does not have: those that were loaded, and those that will be created. */
function completeQueues(store: FauxqsStores['sqsStore'], sources: DeadLetterSources): void {
  const complete = (queue: FauxqsQueue) => {
    makeFair(queue);
    noteSource(queue, sources);
  };
  for (const queue of store.allQueues()) complete(queue);
  const create = store.createQueue.bind(store);
  store.createQueue = (...queue) => {
    const created = create(...queue);
    complete(created);
    return created;
  };
}

async function publish(inject: Fauxqs['inject'], TopicArn: string, Message: string): Promise<void> {
  const payload = new URLSearchParams({ Action: 'Publish', TopicArn, Message }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status, body } = await inject({ method: 'POST', url: '/', headers, payload });
  if (status !== 200) throw new Error(`Publishing to ${TopicArn} failed: ${body.toString()}`);
}

/** State is loaded before the stores get their persistence: fauxqs' write-through would delete the messages of a queue it loads. */
function persist({ PersistenceManager }: FauxqsInternals, stores: FauxqsStores, directory: string): FauxqsPersistence {
  const persistence = new PersistenceManager(directory);
  // fauxqs waits for the disk at each statement (11 ms a message here), which stops the whole cloud. In WAL mode this
  // loses nothing when the process is killed; only a power cut may cost the last moments.
  persistence.db.exec('PRAGMA synchronous = NORMAL');
  // fauxqs' own sets a column to NULL that may not be, and the message is lost.
  const makeReady = persistence.db.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  );
  persistence.updateMessageReady = (messageId) => void makeReady.run(messageId);
  persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
  for (const store of [...Object.values(stores), ...stores.sqsStore.allQueues()]) Object.assign(store, { persistence });
  return persistence;
}
