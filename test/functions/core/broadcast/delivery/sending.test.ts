import { describe, expect, it } from 'vitest';
import { contactId } from '../../../../../functions/core/audience/contact.ts';
import { changeContact, existingContact } from '../../../../../functions/core/audience/contacts.ts';
import { addMembers, removeMember } from '../../../../../functions/core/audience/membership.ts';
import { deleteContact, deleteSegment } from '../../../../../functions/core/audience/removal.ts';
import { cancelBroadcast, pauseBroadcast, resumeBroadcast } from '../../../../../functions/core/broadcast/lifecycle.ts';
import { addRecipients } from '../../../../../functions/core/broadcast/recipients.ts';
import { type EmailRecord, recordKey } from '../../../../../functions/core/email/record.ts';
import { SendoffError, unavailable } from '../../../../../functions/core/errors.ts';
import { Throttled } from '../../../../../functions/core/pacing/refusals.ts';
import { suppress } from '../../../../../functions/core/suppression/suppression.ts';
import { createBroadcastSimulation, type SimulationOptions } from '../../../../helpers/broadcast-simulation.ts';
import { randomFrom } from '../../../../helpers/random-text.ts';

/** Begins to send to a segment of so many contacts. */
async function begin(contacts: number, options: SimulationOptions = {}) {
  const simulation = createBroadcastSimulation(options);
  const segment = await simulation.segment(contacts);
  const id = await simulation.create({ segmentId: segment.id });
  await simulation.send(id);
  const seconds = (count: number) => simulation.time.runUntil(simulation.time.now() + count * 1_000);
  return { ...simulation, simulation, segment, id, seconds };
}

describe('a broadcast', () => {
  it('is sent to each contact once, at the rate, by several workers with clocks that differ by two seconds', async () => {
    const { simulation, id, runUntil, sent, lastAtMs } = await begin(1_800, {
      ratePerSecond: 20,
      workers: 3,
      clockOffsetMs: (worker) => 1_000 * (worker - 1),
    });
    await runUntil(id);
    expect(simulation.summary(1_800)).toEqual({ sent: 1_800, lost: 0, twice: 0 });
    const rate = 1_800 / ((lastAtMs() - (sent[0]?.atMs ?? 0)) / 1_000);
    expect(rate).toBeGreaterThan(18);
    expect(rate).toBeLessThanOrEqual(20);
    expect(await simulation.broadcast(id)).toMatchObject({ status: 'sent', total: 1_800, nextChunk: 36 });
    simulation.close();
  });

  it('survives workers that are killed at random', async () => {
    const random = randomFrom(7);
    const { simulation, id, runUntil, killed } = await begin(500, {
      ratePerSecond: 20,
      workers: 3,
      kills: (call, when) => (call.startsWith('mailer') || when === 'after') && random() < 1 / 150,
    });
    await runUntil(id);
    expect(killed()).toBeGreaterThan(5);
    expect(simulation.summary(500)).toEqual({ sent: 500, lost: 0, twice: 0 });
    simulation.close();
  });

  it('is counted exactly when it ends, although answers of the table are lost and additions repeated', async () => {
    const random = randomFrom(3);
    const { simulation, id, runUntil, counts, logged } = await begin(500, {
      ratePerSecond: 20,
      losesAnswer: (key) => key.startsWith('broadcast-count#') && random() < 0.3,
    });
    await runUntil(id);
    expect(await counts(id)).toMatchObject({ sent: 500, recipientsDone: 500 });
    const corrected = logged.find(({ message }) => message === 'recipients of a broadcast counted from its chunks');
    expect(corrected?.fields?.recipients).toBeLessThan(0);
    simulation.close();
  });

  it('runs ahead of the rate by two minutes and not by the whole segment', async () => {
    const { simulation, id, broadcast, sent, seconds } = await begin(4_000, { ratePerSecond: 10 });
    await seconds(30);
    const { taken = 0 } = (await broadcast(id)) ?? {};
    expect(taken - sent.length).toBeGreaterThan(500);
    expect(taken - sent.length).toBeLessThanOrEqual(1_250);
    simulation.close();
  });

  it('stops within seconds of a pause, goes on after it, and stops for good when it is canceled', async () => {
    const { simulation, id, sent, seconds, dependencies } = await begin(1_000, { ratePerSecond: 20, workers: 3 });
    await seconds(10);
    await pauseBroadcast(id, dependencies);
    await seconds(3);
    const paused = sent.length;
    expect(paused).toBeGreaterThan(100);
    await seconds(600);
    expect(sent.length).toBe(paused);
    await resumeBroadcast(id, dependencies);
    await seconds(10);
    expect(sent.length).toBeGreaterThan(paused + 100);
    await cancelBroadcast(id, dependencies);
    await seconds(3);
    const canceled = sent.length;
    await seconds(3_600);
    expect(sent.length).toBe(canceled);
    expect(simulation.summary(1_000)).toMatchObject({ twice: 0, sent: canceled });
    expect(await simulation.counts(id)).toMatchObject({ sent: canceled, recipientsDone: canceled });
    simulation.close();
  });

  it('is complete after many short pauses', async () => {
    const { simulation, id, runUntil, seconds, dependencies } = await begin(600, { ratePerSecond: 20, workers: 3 });
    for (let times = 0; times < 8; times++) {
      await seconds(1.3);
      await pauseBroadcast(id, dependencies);
      await seconds(0.2 * times);
      await resumeBroadcast(id, dependencies);
    }
    await runUntil(id, ['sent'], 600_000);
    expect(simulation.summary(600)).toEqual({ sent: 600, lost: 0, twice: 0 });
    expect(await simulation.counts(id)).toMatchObject({ sent: 600, recipientsDone: 600, chunksDone: 12 });
    simulation.close();
  });

  it('leaves out who unsubscribes, is suppressed or deleted while it runs', async () => {
    const { simulation, id, segment, runUntil, seconds, audience, table, sent, backend } = await begin(400, {
      ratePerSecond: 5,
    });
    await seconds(5);
    // In the order in which the fan-out takes them.
    const [first = '', second = '', third = ''] = segment.contactIds.toSorted().slice(-3);
    await changeContact(audience, await existingContact(table, first), { unsubscribed: true });
    const { email } = await existingContact(table, second);
    await suppress(table, async () => {}, [{ email, origin: 'complaint', atMs: 1 }]);
    await deleteContact({ ...audience, broker: backend.broker }, await existingContact(table, third));
    await runUntil(id);
    expect(sent.map(({ to }) => to)).not.toContain(email);
    expect(simulation.summary(397)).toEqual({ sent: 397, lost: 0, twice: 0 });
    expect(await simulation.counts(id)).toMatchObject({ sent: 397, suppressed: 1, skipped: 2 });
    simulation.close();
  });

  it('goes to those who were members when it began and still are: nobody gets two', async () => {
    const { simulation, id, segment, runUntil, seconds, table, time, sent, audience } = await begin(2_000, {
      ratePerSecond: 10,
    });
    await seconds(5);
    // In the order in which the fan-out takes them.
    const [early = '', ...others] = segment.contactIds.toSorted();
    const late = others.at(-1) ?? '';
    const { email } = await existingContact(table, early);
    expect(sent.map(({ to }) => to)).toContain(email);
    await removeMember(audience, segment.id, late);
    await removeMember(audience, segment.id, early);
    await addMembers(audience, segment.id, [early, late], time.now());
    await runUntil(id);
    expect(simulation.summary(1_999)).toEqual({ sent: 1_999, lost: 0, twice: 0 });
    simulation.close();
  });

  it('ends with what was taken when its segment is deleted', async () => {
    const { simulation, id, segment, runUntil, seconds, backend } = await begin(2_000, { ratePerSecond: 10 });
    await seconds(20);
    await deleteSegment(backend, segment.id);
    await runUntil(id);
    const broadcast = await simulation.broadcast(id);
    expect(broadcast).toMatchObject({ status: 'sent', reason: 'The segment was deleted' });
    expect(simulation.summary(broadcast?.taken ?? 0)).toMatchObject({ lost: 0, twice: 0 });
    expect(broadcast?.taken).toBeLessThan(2_000);
    simulation.close();
  });

  it('sends a list without contacts, each address once, though it came in two pieces', async () => {
    const simulation = createBroadcastSimulation({ ratePerSecond: 50 });
    const id = await simulation.create({ listed: true });
    const list = Array.from({ length: 120 }, (_, index) => ({
      email: `${index}@example.com`,
      variables: { n: index },
    }));
    await addRecipients(id, { offset: 0, recipients: list.slice(0, 70) }, simulation.dependencies);
    await addRecipients(id, { offset: 70, recipients: list.slice(40, 120) }, simulation.dependencies);
    await simulation.send(id);
    await simulation.runUntil(id);
    expect(simulation.summary(120)).toEqual({ sent: 120, lost: 0, twice: 0 });
    expect(await simulation.counts(id)).toMatchObject({ sent: 120, skipped: 30, recipientsDone: 150 });
    simulation.close();
  });

  it('begins at its time', async () => {
    const simulation = createBroadcastSimulation({});
    const { id: segmentId } = await simulation.segment(10);
    const atMs = simulation.time.now() + 2 * 3_600_000;
    const id = await simulation.create({ segmentId });
    await simulation.send(id, atMs);
    await simulation.runUntil(id);
    expect(simulation.sent[0]?.atMs).toBeGreaterThanOrEqual(atMs - 2_000);
    expect(simulation.sent[0]?.atMs).toBeLessThan(atMs + 3_000);
    expect(simulation.summary(10)).toEqual({ sent: 10, lost: 0, twice: 0 });
    simulation.close();
  });

  it('shares the rate with another one that begins later', async () => {
    const { simulation, id, sent, seconds } = await begin(6_000, { ratePerSecond: 50, workers: 4 });
    await seconds(30);
    const other = await simulation.segment(3_000, 'd');
    const second = await simulation.create({ segmentId: other.id });
    await simulation.send(second);
    const before = sent.length;
    await seconds(10);
    // Behind all that the first one has on the queue it would have begun after two minutes.
    expect(sent.slice(before).some(({ broadcastId }) => broadcastId === second)).toBe(true);
    const counted = sent.length;
    await seconds(60);
    const [first, added] = [id, second].map((of) =>
      sent.slice(counted).filter(({ broadcastId }) => broadcastId === of),
    );
    expect(added?.length).toBeGreaterThan(60 * 50 * 0.4);
    expect(first?.length).toBeGreaterThan(60 * 50 * 0.4);
    expect(simulation.summary(sent.length)).toMatchObject({ twice: 0 });
    simulation.close();
  });

  it('lets transactional email go first: it waits a second at most, p95, and the rate is used', async () => {
    const { simulation, sent, seconds } = await begin(3_000, { ratePerSecond: 14, workers: 4 });
    await seconds(10);
    const before = sent.length;
    const accepted = new Map<string, number>();
    for (let count = 0; count < 100; count++) {
      accepted.set(await simulation.accept(`customer${count}@example.com`), simulation.time.now());
      await seconds(1);
    }
    const share = (sent.length - before) / (100 * 14);
    await seconds(10);
    const waits = sent
      .flatMap(({ emailId, atMs }) => atMs - (accepted.get(emailId) ?? Number.NaN))
      .filter((ms) => !Number.isNaN(ms))
      .toSorted((a, b) => a - b);
    const [p50 = 0, p95 = 0, most = 0] = [49, 94, 99].map((index) => waits[index]);
    console.info(
      `transactional email beside a broadcast at 14/s, until SES has it: p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms, most ${Math.round(most)} ms; ${(100 * share).toFixed(1)} % of the rate used`,
    );
    expect(waits).toHaveLength(100);
    expect(p95).toBeLessThanOrEqual(1_000);
    expect(share).toBeGreaterThan(0.95);
    simulation.close();
  });

  it('costs few writes and requests', async () => {
    const { simulation, id, runUntil, meter, queues } = await begin(3_000, { ratePerSecond: 200, workers: 5 });
    await runUntil(id);
    const each = (count: number) => count / 3_000;
    const requests = each(queues.bulk.requests + queues.transactional.requests);
    console.info(
      `a recipient: ${each(meter.units.write).toFixed(2)} write units, ${each(meter.units.read).toFixed(2)} read units, ${requests.toFixed(3)} requests to SQS; without events`,
    );
    // $0.625 and $0.125 a million in us-east-1; $0.40 a million requests. The events of SES cost about $1.50 more.
    expect(0.625 * each(meter.units.write) + 0.125 * each(meter.units.read) + 0.4 * requests).toBeLessThan(1.6);
    simulation.close();
  });

  it('is revived by the schedule when the job of its fan-out was lost, and its chunks when theirs were', async () => {
    const { simulation, id, runUntil, seconds, broadcast } = await begin(700, {
      ratePerSecond: 5,
      kills: (call) => call === 'broker.send' && lose,
    });
    let lose = false;
    await seconds(20);
    lose = true;
    await seconds(600);
    lose = false;
    await runUntil(id);
    expect(await broadcast(id)).toMatchObject({ status: 'sent' });
    expect(simulation.summary(700)).toEqual({ sent: 700, lost: 0, twice: 0 });
    simulation.close();
  });
});

it('a broadcast is revived without a schedule, too, when the job of its fan-out was lost', async () => {
  let fanOuts = 0;
  const { simulation, id, runUntil, queues } = await begin(700, {
    ratePerSecond: 5,
    withoutSchedule: true,
    // Each delivery of the third step's job, until it is a dead letter.
    kills: (call, when) => call === 'table.query' && when === 'before' && ++fanOuts > 6 && fanOuts <= 40,
  });
  await runUntil(id);
  expect(queues.transactional.deadLetters).toBeGreaterThan(0);
  expect(simulation.logged.map(({ message }) => message)).toContain(
    'the fan-out of a broadcast had stopped; queued again',
  );
  expect(simulation.summary(700)).toEqual({ sent: 700, lost: 0, twice: 0 });
  simulation.close();
});

describe('an email of a broadcast', () => {
  it('has a record with what SES does not tell, less than 1 KB', async () => {
    const { simulation, id, runUntil, sent, table } = await begin(3);
    await runUntil(id);
    const record = await table.get<EmailRecord>(recordKey(sent[0]?.emailId ?? ''));
    expect(record).toMatchObject({
      ...{ status: 'sent', from: 'News <news@example.com>', to: [sent[0]?.to], subject: 'Hello you' },
      ...{ broadcastId: id, contactId: contactId(sent[0]?.to ?? ''), messageId: 'message-0', queue: 'bulk' },
    });
    expect(JSON.stringify(record).length).toBeLessThan(800);
    simulation.close();
  });

  it('fails alone when SES refuses it', async () => {
    const { simulation, id, runUntil, table } = await begin(20, {
      onSend: ({ destinations: [to] }) => {
        if (to === 'c7@example.com') throw new SendoffError('validation_error', 422, 'Amazon SES refused the email');
      },
    });
    await runUntil(id);
    expect(simulation.summary(19)).toEqual({ sent: 19, lost: 0, twice: 0 });
    expect(await simulation.counts(id)).toMatchObject({ sent: 19, failed: 1, recipientsDone: 20 });
    const records = [...simulation.meter.calls.keys()];
    expect(records).toContain('insert email');
    expect(table).toBeDefined();
    simulation.close();
  });

  it('is sent once though SES throttles, is out, or gives no answer', async () => {
    const random = randomFrom(3);
    let [outages, unanswered] = [0, 0];
    const { simulation, id, runUntil } = await begin(300, {
      ratePerSecond: 20,
      onSend: () => {
        const dice = random();
        if (dice < 0.02) throw new Throttled('Amazon SES throttled the sending');
        if (dice < 0.03) {
          outages++;
          throw unavailable('Amazon SES did not answer', undefined, 1);
        }
        if (dice < 0.04) {
          unanswered++;
          throw unavailable('Amazon SES did not answer', undefined, 60);
        }
      },
    });
    await runUntil(id);
    expect(outages * unanswered).toBeGreaterThan(0);
    expect(simulation.summary(300)).toEqual({ sent: 300, lost: 0, twice: 0 });
    simulation.close();
  });
});
