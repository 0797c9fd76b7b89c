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
  db: { exec: (sql: string) => void };
  load: (...stores: unknown[]) => void;
  close: () => void;
};

/** The classes of fauxqs that its package does not export. */
export type FauxqsInternals = {
  SqsStore: new () => FauxqsStores['sqsStore'];
  SnsStore: new () => FauxqsStores['snsStore'];
  S3Store: new () => FauxqsStores['s3Store'];
  PersistenceManager: new (directory: string) => FauxqsPersistence;
};

const files: Readonly<Record<keyof FauxqsInternals, string>> = {
  SqsStore: 'sqs/sqsStore.js',
  SnsStore: 'sns/snsStore.js',
  S3Store: 's3/s3Store.js',
  PersistenceManager: 'persistence.js',
};

/**
 * Loads from fauxqs' dist folder, past its `exports`, the classes that have no public way: `buildApp` takes stores but the
 * package exports none, and `startFauxqs`, which makes them and persists them, listens on 0.0.0.0, whatever its `host`.
 * Throws, with the versions, when something is missing.
 */
export async function loadFauxqsInternals(manifest = findPackageJSON('fauxqs', import.meta.url)) {
  if (!manifest) throw new Error(`The package fauxqs is not installed: install fauxqs@${fauxqsVersion}`);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const entries = Object.entries(files).map(async ([name, path]) => {
    const file = join(dirname(manifest), 'dist', path);
    const module = await import(pathToFileURL(file).href).catch((cause: unknown) =>
      missing(version, name, path, cause),
    );
    return [name, module[name] ?? missing(version, name, path)];
  });
  return Object.fromEntries(await Promise.all(entries)) as FauxqsInternals;
}

function missing(version: string, name: string, path: string, cause?: unknown): never {
  throw new Error(`fauxqs ${version} has no ${name} in dist/${path}: the local cloud needs fauxqs@${fauxqsVersion}`, {
    cause,
  });
}
