import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { buildApp } from 'fauxqs';

/** The version whose dist folder this file knows; package.json pins it. */
export const fauxqsVersion = '2.4.1';

/** fauxqs' queues, topics and buckets, in memory or on disk. */
export type FauxqsStores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;

/** Keeps stores in a SQLite file: all changes are written through. */
export type FauxqsPersistence = {
  db: { exec: (sql: string) => void; prepare: (sql: string) => { run: (...values: unknown[]) => unknown } };
  /** Called when a message becomes visible before its time. */
  updateMessageReady: (messageId: string) => void;
  load: (...stores: unknown[]) => void;
  close: () => void;
};

/** One action of SQS's JSON protocol; throws fauxqs' SqsError. */
export type SqsAction = (
  input: Record<string, unknown>,
  store: FauxqsStores['sqsStore'],
  request: { headers: Record<string, unknown> },
) => unknown;

/** The parts of fauxqs that its package does not export. */
export type FauxqsInternals = {
  SqsStore: new () => FauxqsStores['sqsStore'];
  SnsStore: new () => FauxqsStores['snsStore'];
  S3Store: new () => FauxqsStores['s3Store'];
  PersistenceManager: new (directory: string) => FauxqsPersistence;
  /** By the name on the wire, e.g. `SendMessage`. */
  sqsActions: ReadonlyMap<string, SqsAction>;
};

const classFiles: Readonly<Record<keyof Omit<FauxqsInternals, 'sqsActions'>, string>> = {
  SqsStore: 'sqs/sqsStore.js',
  SnsStore: 'sns/snsStore.js',
  S3Store: 's3/s3Store.js',
  PersistenceManager: 'persistence.js',
};

const sqsActionNames = [
  ...['CreateQueue', 'DeleteQueue', 'GetQueueUrl', 'ListQueues', 'GetQueueAttributes', 'SetQueueAttributes'],
  ...['PurgeQueue', 'SendMessage', 'ReceiveMessage', 'DeleteMessage', 'SendMessageBatch', 'DeleteMessageBatch'],
  ...['ChangeMessageVisibility', 'ChangeMessageVisibilityBatch', 'TagQueue', 'UntagQueue', 'ListQueueTags'],
];

/**
 * Loads from fauxqs' dist folder, past its `exports`, what has no public way: `buildApp` takes stores but the package exports
 * none, `startFauxqs`, which makes them and persists them, listens on 0.0.0.0, whatever its `host`, and an action of SQS through
 * the public routes takes three times as long. Throws, with the versions, when something is missing.
 */
export async function loadFauxqsInternals(manifest = findPackageJSON('fauxqs', import.meta.url)) {
  if (!manifest) throw new Error(`The package fauxqs is not installed: install fauxqs@${fauxqsVersion}`);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const load = async (name: string, path: string): Promise<[string, unknown]> => {
    const file = join(dirname(manifest), 'dist', path);
    const module = await import(pathToFileURL(file).href).catch((cause: unknown) =>
      missing(version, name, path, cause),
    );
    return [name, module[name] ?? missing(version, name, path)];
  };
  const classes = await Promise.all(Object.entries(classFiles).map(([name, path]) => load(name, path)));
  const actions = sqsActionNames.map(async (name): Promise<[string, SqsAction]> => {
    const exported = name.charAt(0).toLowerCase() + name.slice(1);
    const [, action] = await load(exported, `sqs/actions/${exported}.js`);
    return [name, action as SqsAction];
  });
  const loaded = [...classes, ['sqsActions', new Map(await Promise.all(actions))] as const];
  return Object.fromEntries(loaded) as FauxqsInternals;
}

function missing(version: string, name: string, path: string, cause?: unknown): never {
  throw new Error(`fauxqs ${version} has no ${name} in dist/${path}: the local cloud needs fauxqs@${fauxqsVersion}`, {
    cause,
  });
}
