import { describe, expect, it } from 'vitest';
import type { DocumentScan, StoredDocument } from '../../../../functions/core/document/scan.ts';
import type { Document } from '../../../../functions/core/ports/table.ts';
import { createRunSearch, deleteRun, findRunBodies, MOST_RUN_BODIES } from '../../../../functions/core/privacy/runs.ts';
import { toStore } from '../../../../functions/core/run/stored-json.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const address = 'ada@example.com';
const run = (fields: Document, more: Partial<StoredDocument> = {}): StoredDocument => ({
  key: 'run#one',
  expired: false,
  fields: { id: 'one', task: 't', status: 'succeeded', ...fields },
  ...more,
});
const none = { get: async () => undefined };
const examine = (stored: StoredDocument) => createRunSearch(address, none).examine(stored);

describe('a run', () => {
  it.each<[string, Document, string | undefined]>([
    ['arguments', { args: { json: '{"to":"Ada <ADA@example.com>"}' } }, 'run'],
    ['result', { result: { json: '["ada@example.com"]' } }, 'run'],
    ['step', { 'step:load': '{"email":"ada@example.com"}' }, 'run'],
    ['error', { status: 'failed', error: { code: 'error', message: 'no mailbox ada@example.com' } }, 'run'],
    // biome-ignore lint/suspicious/noThenProperty: the field of the record; nothing awaits it
    ['next call', { then: [{ task: 'u', args: '"ada@example.com"' }] }, 'run'],
    ['arguments, and has not ended', { status: 'queued', args: { json: '"ada@example.com"' } }, 'running'],
    ['arguments of another address', { args: { json: '"nada@example.com"' } }, undefined],
  ])('with the address in its %s', async (_, fields, expected) => {
    expect(await examine(run(fields))).toBe(expected);
  });

  it('may be deleted if it has expired or cannot be read', async () => {
    const named = { status: 'running', args: { json: `"${address}"` } };
    expect(await examine(run(named, { expired: true }))).toBe('run');
    expect(await examine({ key: 'run#one', expired: false, text: `{"args": ${address}` })).toBe('run');
  });

  it('is searched in its large values, of which one search reads a bounded number and counts the others', async () => {
    const { bodies } = createMemoryBackend();
    const { stored, body } = toStore(JSON.stringify({ text: 'x'.repeat(3_000), to: address }), 'one', 'result');
    await bodies.put(body?.key ?? '', body?.bytes ?? new Uint8Array(), Number.POSITIVE_INFINITY);
    const search = createRunSearch(address, bodies);
    expect(await search.examine(run({ result: stored }))).toBe('run');
    for (let read = 1; read < MOST_RUN_BODIES; read++)
      await search.examine(run({ args: { body: 'body#run/two/args' } }));
    expect(search.unread()).toBe(0);
    expect(await search.examine(run({ result: stored }))).toBeUndefined();
    expect(search.unread()).toBe(1);
  });
});

describe('deleting a run', () => {
  const setUp = async (status: string) => {
    const backend = createMemoryBackend();
    const keys = ['body#run/one/args', 'body#run/one/args/2', 'body#run/other/args', 'body#one'];
    for (const key of keys) await backend.bodies.put(key, Buffer.from('x'), Number.POSITIVE_INFINITY);
    await backend.table.insert({ key: 'run#one', fields: { status } });
    const scan: DocumentScan = {
      pages: async function* () {
        yield keys.map((key) => ({ key, expired: false }));
      },
      delete: async () => {},
    };
    const bodyKeys = (await findRunBodies(scan, new Set(['run#one']))).get('run#one') ?? [];
    const deleted = deleteRun({ ...backend, scan }, { key: 'run#one', expired: false }, bodyKeys);
    return { ...backend, bodyKeys, deleted };
  };

  it('deletes all its bodies, also those that its record names no more, and its record', async () => {
    const { table, bodies, bodyKeys, deleted } = await setUp('failed');
    await deleted;
    expect(bodyKeys).toEqual(['body#run/one/args', 'body#run/one/args/2']);
    for (const key of bodyKeys) expect(await bodies.get(key)).toBeUndefined();
    expect(await bodies.get('body#run/other/args')).toBeDefined();
    expect(await table.get('run#one')).toBeUndefined();
  });

  it('leaves the record of one that was retried meanwhile', async () => {
    const { table, deleted } = await setUp('queued');
    await expect(deleted).rejects.toThrow(/retried/);
    expect(await table.get('run#one')).toEqual({ status: 'queued' });
  });
});
