import { describe, expect, it } from 'vitest';
import { timeSort } from '../../../../functions/core/document/time-sort.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { createBatchPublish, createPublish } from '../../../../functions/core/webhook/dispatch.ts';
import { newWebhook, WEBHOOK_PARTITION, webhookKey } from '../../../../functions/core/webhook/endpoint.ts';
import { createWebhook, deleteWebhook } from '../../../../functions/core/webhook/registry.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const START_MS = Date.parse('2026-11-21T10:00:00Z');
const event: WebhookEvent = { type: 'email.delivered', eventId: 'msg_1', atMs: START_MS, emailId: 'one' };

/** The ports in memory, which record the reads, and an index that may lag. */
function setUp() {
  const clock = { nowMs: START_MS };
  const now = () => clock.nowMs;
  const backend = createMemoryBackend({ now });
  const reads: string[] = [];
  const index = { lags: false };
  const table: Table = {
    ...backend.table,
    getMany: (keys) => {
      if (keys.length > 0) reads.push(keys.join());
      return backend.table.getMany(keys);
    },
    query: async (query) => {
      reads.push('query');
      return index.lags ? [] : backend.table.query(query);
    },
  };
  const ports = { table, broker: backend.broker };
  const make = (id: string) =>
    createWebhook(table, { id, endpoint: 'https://h.example.com/', events: [], nowMs: clock.nowMs });
  /** An endpoint as version 0.1 made it: it is only in the index. */
  const makeOld = (id: string) =>
    table.insert({
      key: webhookKey(id),
      fields: newWebhook({ id, endpoint: 'https://h.example.com/', events: [], nowMs: clock.nowMs }),
      list: { partition: WEBHOOK_PARTITION, sort: timeSort(clock.nowMs, id) },
    });
  /** The endpoints of the jobs that were queued since the last call. */
  const queuedFor = async () => {
    const jobs = await backend.receive('webhook');
    return jobs.map(({ body }) => JSON.parse(body).args.webhookId).sort();
  };
  return { clock, now, backend, ports, reads, index, make, makeOld, queuedFor };
}

describe('an endpoint', () => {
  it('gets an event right after its creation, even if another one was published just before and the index lags', async () => {
    const { ports, now, index, make, queuedFor } = setUp();
    const publish = createPublish(ports, now);
    const publishForBatch = createBatchPublish(ports, now);
    index.lags = true;
    for (const id of ['one', 'two', 'three']) {
      await publish([event]);
      await publishForBatch()([event]);
      await queuedFor();
      await make(id);
      await publish([event]);
      expect(await queuedFor()).toContain(id);
      await publishForBatch()([event]);
      expect(await queuedFor()).toContain(id);
    }
  });

  it('gets no event after it was deleted', async () => {
    const { ports, now, make, queuedFor } = setUp();
    const publish = createPublish(ports, now);
    await make('one');
    await make('two');
    await deleteWebhook(ports.table, 'one');
    await publish([event]);
    expect(await queuedFor()).toEqual(['two']);
  });

  it('of version 0.1 gets events, as it is in the index', async () => {
    const { ports, now, make, makeOld, queuedFor } = setUp();
    await makeOld('old');
    await make('new');
    await createPublish(ports, now)([event]);
    expect(await queuedFor()).toEqual(['new', 'old']);
  });

  it('that version 0.1 made during an update of the deployment gets events a minute later', async () => {
    const { ports, now, clock, makeOld, queuedFor } = setUp();
    const publish = createPublish(ports, now);
    await publish([event]);
    await makeOld('late');
    clock.nowMs += 60_000;
    await publish([event]);
    expect(await queuedFor()).toEqual(['late']);
  });
});

describe('publishing costs', () => {
  it('one read for each batch when there is no endpoint, and a query a minute', async () => {
    const { ports, now, clock, reads } = setUp();
    const publishForBatch = createBatchPublish(ports, now);
    await publishForBatch()([event]);
    reads.length = 0;
    const batch = publishForBatch();
    await Promise.all(Array.from({ length: 100 }, () => batch([event])));
    expect(reads).toEqual(['webhook-list']);
    clock.nowMs += 60_000;
    await publishForBatch()([event]);
    expect(reads.filter((read) => read === 'query')).toHaveLength(1);
  });

  it('nothing without events', async () => {
    const { ports, now, reads } = setUp();
    await createPublish(ports, now)([]);
    expect(reads).toEqual([]);
  });

  it('one read of the endpoints for each batch, and another after a failed one', async () => {
    const { ports, now, make, reads, queuedFor } = setUp();
    await make('one');
    const { getMany } = ports.table;
    let failures = 1;
    const failing: Table['getMany'] = (keys) =>
      failures-- > 0 ? Promise.reject(new Error('the table is down')) : getMany(keys);
    const batch = createBatchPublish({ ...ports, table: { ...ports.table, getMany: failing } }, now)();
    await expect(batch([event])).rejects.toThrow('the table is down');
    await batch([event]);
    reads.length = 0;
    await batch([event]);
    expect(reads).toEqual([]);
    expect(await queuedFor()).toEqual(['one', 'one']);
  });
});
