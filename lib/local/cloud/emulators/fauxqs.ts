import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { buildApp } from 'fauxqs';

type BuildApp = typeof buildApp;
type Stores = NonNullable<NonNullable<Parameters<BuildApp>[0]>['stores']>;
/** fauxqs' queues, topics and buckets, in memory or on disk. */
export type FauxqsStores = Stores;
/** One queue of fauxqs. */
export type FauxqsQueue = NonNullable<ReturnType<Stores['sqsStore']['getQueueByArn']>>;

type SqsAction = (
  body: Record<string, unknown>,
  store: Stores['sqsStore'],
  request: { headers: Record<string, unknown> },
) => unknown;

type SnsPublish = (input: Record<string, string>, topics: Stores['snsStore'], queues: Stores['sqsStore']) => void;
type Persistence = NonNullable<Stores['sqsStore']['persistence']>;
type PersistenceClass = new (
  directory: string,
) => Persistence & { load: (...stores: unknown[]) => void; close: () => void };

/** fauxqs without a socket. */
export type Fauxqs = FauxqsStores & {
  /** Runs one action of SQS's JSON protocol; throws fauxqs' SqsError. Undefined when fauxqs has no such action. */
  sqsAction: (name: string) => SqsAction | undefined;
  /** Sends an HTTP request to its S3 and SNS routes, in process. */
  inject: (request: {
    method: string;
    url: string;
    headers: Record<string, unknown>;
    payload: Buffer;
  }) => Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>;
  /** Publishes to an SNS topic; throws when there is none. */
  publish: (topicArn: string, message: string) => void;
  close: () => Promise<void>;
};

const sqsActionNames = [
  ...['CreateQueue', 'DeleteQueue', 'GetQueueUrl', 'ListQueues', 'GetQueueAttributes', 'SetQueueAttributes'],
  ...['PurgeQueue', 'SendMessage', 'ReceiveMessage', 'DeleteMessage', 'SendMessageBatch', 'DeleteMessageBatch'],
  ...['ChangeMessageVisibility', 'ChangeMessageVisibilityBatch', 'TagQueue', 'UntagQueue', 'ListQueueTags'],
];

/**
 * Embeds fauxqs 2.4.1. Its own `startFauxqs` listens on 0.0.0.0 (hard-coded), and every call would cost a second HTTP
 * hop; its parts are therefore taken from its dist folder, past the package's `exports`. The version is pinned.
 */
export async function embedFauxqs(options: { region: string; dataDirectory?: string | undefined }): Promise<Fauxqs> {
  const manifest = findPackageJSON('fauxqs', import.meta.url);
  if (!manifest) throw new Error('The package fauxqs is not installed: run npm ci');
  const load = (path: string) => import(pathToFileURL(join(dirname(manifest), 'dist', path)).href);
  const { buildApp } = (await load('app.js')) as { buildApp: BuildApp };
  const stores = await createStores(load);
  const persistence = options.dataDirectory ? await persist(load, stores, options.dataDirectory) : undefined;
  const app = buildApp({ logger: false, defaultRegion: options.region, stores });
  await app.ready();
  const actions = await loadSqsActions(load);
  const { publish } = (await load('sns/actions/publish.js')) as { publish: SnsPublish };
  return {
    ...stores,
    publish: (topicArn, message) => publish({ TopicArn: topicArn, Message: message }, stores.snsStore, stores.sqsStore),
    sqsAction: (name) => actions.get(name),
    inject: async (request) => {
      const { url, payload } = request;
      const headers = request.headers as Record<string, string>;
      const answer = await app.inject({ method: request.method as 'GET', url, headers, payload });
      return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload };
    },
    close: async () => {
      await app.close();
      persistence?.close();
    },
  };
}

async function createStores(load: (path: string) => Promise<unknown>): Promise<Stores> {
  const { SqsStore } = (await load('sqs/sqsStore.js')) as { SqsStore: new () => Stores['sqsStore'] };
  const { SnsStore } = (await load('sns/snsStore.js')) as { SnsStore: new () => Stores['snsStore'] };
  const { S3Store } = (await load('s3/s3Store.js')) as { S3Store: new () => Stores['s3Store'] };
  return { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
}

async function loadSqsActions(load: (path: string) => Promise<unknown>): Promise<Map<string, SqsAction>> {
  const entries = sqsActionNames.map(async (name): Promise<[string, SqsAction]> => {
    const exportName = name.charAt(0).toLowerCase() + name.slice(1);
    const module = (await load(`sqs/actions/${exportName}.js`)) as Record<string, SqsAction>;
    const action = module[exportName];
    if (!action) throw new Error(`fauxqs has no ${exportName}: is it another version than 2.4.1?`);
    return [name, action];
  });
  return new Map(await Promise.all(entries));
}

/** State is loaded before the stores get their persistence: fauxqs' write-through would delete the messages of a queue it loads. */
async function persist(load: (path: string) => Promise<unknown>, stores: Stores, directory: string) {
  const { PersistenceManager } = (await load('persistence.js')) as { PersistenceManager: PersistenceClass };
  const persistence = new PersistenceManager(directory);
  // fauxqs waits for the disk at each statement (11 ms a message here), which stops the whole cloud. In WAL mode this
  // loses nothing when the process is killed; only a power cut may cost the last moments.
  (persistence as unknown as { db: { exec: (sql: string) => void } }).db.exec('PRAGMA synchronous = NORMAL');
  persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
  stores.sqsStore.persistence = persistence;
  stores.snsStore.persistence = persistence;
  stores.s3Store.persistence = persistence as unknown as NonNullable<Stores['s3Store']['persistence']>;
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = persistence;
  return persistence;
}
