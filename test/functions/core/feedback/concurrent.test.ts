import { describe, expect, it } from 'vitest';
import { recordKey } from '../../../../functions/core/email/record.ts';
import { processFeedback } from '../../../../functions/core/feedback/feedback.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { laggingTable } from '../../../helpers/lagging-table.ts';
import { randomFrom } from '../../../helpers/random-text.ts';
import { sesEvents } from './ses-events.ts';
import { eventsOf, one, setUp } from './set-up.ts';

describe('several functions that write the same record', () => {
  it('lose no event and move no status back, although all read it before any wrote', async () => {
    const { dependencies, table, sending, record } = setUp();
    await sending('one', ['a@example.com', 'b@example.com']);
    const b = { ...one, recipients: ['b@example.com'] };
    const events = [
      sesEvents.complaint(one),
      sesEvents.send(one),
      sesEvents.delivery(one),
      sesEvents.open(one),
      sesEvents.delivery(b),
      sesEvents.delay(b),
    ];
    let readers = 0;
    let release = () => {};
    const allHaveRead = new Promise<void>((resolve) => {
      release = resolve;
    });
    const getMany: typeof table.getMany = async (keys) => {
      const found = await table.getMany(keys);
      if (keys[0] !== recordKey('one')) return found as never;
      if (++readers === events.length) release();
      await allHaveRead;
      return found as never;
    };
    const settle = (body: string) =>
      processFeedback([{ id: 'n', body }], { ...dependencies, table: { ...table, getMany } });
    expect((await Promise.all(events.map(settle))).flat()).toEqual([]);
    expect((await record()).status).toBe('complained');
    expect(eventsOf(await record()).toSorted()).toEqual([
      'complained',
      'delivered',
      'delivered',
      'delivery_delayed',
      'opened',
      'sent',
    ]);
  });
});

describe('10,000 events', () => {
  it('lead to the same statuses as in order when they are shuffled, doubled and processed by four functions at once', async () => {
    const lives = story(3_000);
    const events = lives.flat();
    expect(events.length).toBeGreaterThanOrEqual(10_000);
    const inOrder = await replay(events, 1);
    const random = randomFrom(20_261_121);
    const doubled = shuffle([...events, ...events], random);
    expect(await replay(doubled, 4)).toEqual(inOrder);
    expect(new Set(inOrder.map((stand) => stand.split(' ')[0]))).toEqual(
      new Set([
        'sent',
        'delivery_delayed',
        'delivered',
        'opened',
        'clicked',
        'bounced',
        'complained',
        'suppressed',
        'failed',
      ]),
    );
  }, 60_000);

  it('do so although every second read of a record is out of date, or misses it', async () => {
    const events = story(600).flat();
    const random = randomFrom(7);
    const doubled = shuffle([...events, ...events], random);
    const lagging = (table: Table) => laggingTable(table, random);
    expect(await replay(doubled, 4, lagging)).toEqual(await replay(events, 1));
  });

  async function replay(
    events: readonly string[],
    instances: number,
    wrap = (table: Table) => table,
  ): Promise<string[]> {
    const { sending, record, ...kit } = setUp();
    const dependencies = { ...kit.dependencies, table: wrap(kit.table) };
    const ids = [
      ...new Set(events.map((event) => JSON.parse(event).mail.tags['sendoff-email-id'][0] as string)),
    ].sort();
    for (const id of ids) await sending(id, ['a@example.com', 'b@example.com']);
    const waiting = events.map((body, index) => ({ id: String(index), body }));
    const work = async () => {
      for (let batch = waiting.splice(0, 10); batch.length > 0; batch = waiting.splice(0, 10))
        expect(await processFeedback(batch, dependencies)).toEqual([]);
    };
    await Promise.all(Array.from({ length: instances }, work));
    return Promise.all(
      ids.map(async (id) => {
        const found = await record(id);
        // Every event is there once: no write of another function was lost.
        return [found.status, ...eventsOf(found).toSorted()].join(' ');
      }),
    );
  }
});

/** Possible lives of emails, with their events in order. */
function story(count: number): string[][] {
  return Array.from({ length: count }, (_, index) => {
    const email = { emailId: `email-${index}` };
    const a = (afterMs: number) => ({ ...email, recipients: ['a@example.com'], afterMs });
    const b = (afterMs: number) => ({ ...email, recipients: ['b@example.com'], afterMs });
    const sent = sesEvents.send(email);
    const lives = [
      [sent],
      [sent, sesEvents.delay(a(1_000)), sesEvents.delay(a(9_000))],
      [sent, sesEvents.delay(a(1_000)), sesEvents.delivery(a(2_000)), sesEvents.delivery(b(3_000))],
      [
        sent,
        sesEvents.delivery(a(1_000)),
        sesEvents.open(a(2_000)),
        sesEvents.open(a(3_000)),
        sesEvents.open(a(4_000), 'Mozilla/5.0'),
      ],
      [
        sent,
        sesEvents.delivery(a(1_000)),
        sesEvents.open(a(2_000)),
        sesEvents.click(a(3_000)),
        sesEvents.click(a(4_000)),
      ],
      [sent, sesEvents.bounce(a(1_000)), sesEvents.delivery(b(1_000)), sesEvents.open(b(2_000))],
      [sent, sesEvents.delivery(a(1_000)), sesEvents.bounce(a(2_000), 'Transient')],
      [sent, sesEvents.delivery(a(1_000)), sesEvents.open(a(2_000)), sesEvents.complaint(a(3_000))],
      [sent, sesEvents.bounce(a(1_000), 'Permanent', 'OnAccountSuppressionList'), sesEvents.delivery(b(1_000))],
      [sent, sesEvents.reject(email)],
    ];
    return lives[index % lives.length] ?? [];
  });
}

function shuffle<T>(items: T[], random: () => number): T[] {
  for (let index = items.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [items[index], items[other]] = [items[other] as T, items[index] as T];
  }
  return items;
}
