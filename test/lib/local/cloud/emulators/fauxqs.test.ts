import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fauxqsVersion, loadFauxqsInternals } from '../../../../../lib/local/cloud/emulators/fauxqs-internals.ts';
import { temporaryFolder } from '../fixtures/stack.ts';

/** A package fauxqs of another version, with these files in its dist folder. */
function anotherFauxqs(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  const manifest = join(folder, 'package.json');
  writeFileSync(manifest, JSON.stringify({ name: 'fauxqs', version: '9.0.0', type: 'module' }));
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, 'dist', name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return manifest;
}

const sqsStore = { 'sqs/sqsStore.js': 'export class SqsStore {}' };
const snsStore = { 'sns/snsStore.js': 'export class SnsStore {}' };
const persistence = { 'persistence.js': 'export class PersistenceManager {}' };
const s3Store = { 's3/s3Store.js': 'export class S3Store {}' };

describe('the parts of fauxqs that its package does not export', () => {
  it('are all there in the version that is installed', async () => {
    const internals = await loadFauxqsInternals();
    const { sqsActions, ...classes } = internals;
    expect(Object.keys(classes).sort()).toEqual(['PersistenceManager', 'S3Store', 'SnsStore', 'SqsStore']);
    expect([...sqsActions.keys()]).toEqual(expect.arrayContaining(['SendMessageBatch', 'ReceiveMessage']));
    expect([...sqsActions.values()].every((action) => typeof action === 'function')).toBe(true);
  });

  it.each([
    ['a file', { ...snsStore, ...s3Store, ...persistence }, 'fauxqs 9.0.0 has no SqsStore in dist/sqs/sqsStore.js'],
    [
      'a class in its file',
      {
        ...sqsStore,
        ...snsStore,
        ...persistence,
        's3/s3Store.js': 'export class Renamed {}',
      },
      'fauxqs 9.0.0 has no S3Store in dist/s3/s3Store.js',
    ],
  ])('missing %s in another version are named, with the version that has them', async (_what, files, message) => {
    const loading = loadFauxqsInternals(anotherFauxqs(files));
    await expect(loading).rejects.toThrow(`${message}: the local cloud needs fauxqs@${fauxqsVersion}`);
  });

  it('missing actions of SQS are named, too', async () => {
    const loading = loadFauxqsInternals(anotherFauxqs({ ...sqsStore, ...snsStore, ...s3Store, ...persistence }));
    await expect(loading).rejects.toThrow(/^fauxqs 9\.0\.0 has no (\w+) in dist\/sqs\/actions\/\1\.js: /);
  });
});
