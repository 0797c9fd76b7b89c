import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { timeSort } from '../../functions/core/document/time-sort.ts';
import { SendoffError } from '../../functions/core/errors.ts';
import { newWebhook, WEBHOOK_PARTITION, webhookKey } from '../../functions/core/webhook/endpoint.ts';
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  MAX_WEBHOOKS,
  WEBHOOK_LIST_KEY,
} from '../../functions/core/webhook/registry.ts';
import type { TableUnderTest } from './table.ts';

/** The contract of the list of endpoints, on every table: it rests on conditional writes alone. */
export function webhookListContract(name: string, create: () => Promise<TableUnderTest>): void {
  describe(`the list of webhooks on ${name}`, () => {
    let underTest: TableUnderTest;
    afterAll(() => underTest?.close());
    beforeEach(async () => {
      underTest ??= await create();
      const { table } = underTest;
      for (const { id } of await listWebhooks(table, [])) await deleteWebhook(table, id);
    });

    const make = (id: string) =>
      createWebhook(underTest.table, { id, endpoint: 'https://h.example.com/', events: [], nowMs: 1_000 });
    const ids = async () => (await listWebhooks(underTest.table, [])).map(({ id }) => id);
    const indexed = () =>
      underTest.table.query({ index: 'list', partition: WEBHOOK_PARTITION, limit: 100, order: 'ascending' });

    it.each(['there is no list yet', 'there is one'])(
      `takes exactly ${MAX_WEBHOOKS} of 60 endpoints made at once, and refuses the others, when %s`,
      async (which) => {
        if (which === 'there is no list yet') await underTest.table.delete(WEBHOOK_LIST_KEY);
        const wanted = Array.from({ length: 60 }, (_, index) => `${which.length}-${index}`);
        const outcomes = await Promise.allSettled(wanted.map(make));
        const made = wanted.filter((_, index) => outcomes[index]?.status === 'fulfilled');
        expect(made).toHaveLength(MAX_WEBHOOKS);
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') continue;
          expect(outcome.reason).toBeInstanceOf(SendoffError);
          expect(outcome.reason).toMatchObject({ status: 422, code: 'validation_error' });
        }
        expect((await ids()).sort()).toEqual(made.sort());
        expect(await indexed()).toHaveLength(MAX_WEBHOOKS);
        await deleteWebhook(underTest.table, made[0] ?? '');
        await make('another');
        await expect(make('one too many')).rejects.toThrow('There are 50 webhooks already');
        expect(await ids()).toContain('another');
      },
    );

    it.each(['there is no list yet', 'there is one'])(
      'counts endpoints that the index alone names, when %s',
      async (which) => {
        const { table } = underTest;
        if (which === 'there is no list yet') await table.delete(WEBHOOK_LIST_KEY);
        for (let index = 0; index < MAX_WEBHOOKS; index++) {
          const id = `${which.length}-old-${index}`;
          const fields = newWebhook({ id, endpoint: 'https://h.example.com/', events: [], nowMs: 1_000 });
          const list = { partition: WEBHOOK_PARTITION, sort: timeSort(1_000, id) };
          await table.insert({ key: webhookKey(id), fields, list });
        }
        const late = { id: 'late', endpoint: 'https://h.example.com/', events: [], nowMs: 100_000 };
        await expect(createWebhook(table, late)).rejects.toThrow('There are 50 webhooks already');
      },
    );

    it('has room again where an endpoint was deleted by a request that died before it said so', async () => {
      const all = Array.from({ length: MAX_WEBHOOKS }, (_, index) => `full-${index}`);
      for (const id of all) await make(id);
      await underTest.table.delete(webhookKey('full-7'));
      await make('instead');
      expect((await ids()).sort()).toEqual([...all.filter((id) => id !== 'full-7'), 'instead'].sort());
    });
  });
}
