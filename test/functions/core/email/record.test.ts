import { describe, expect, it } from 'vitest';
import { parseEmail } from '../../../../functions/core/email/email.ts';
import { listEntry, newRecord, recordKey } from '../../../../functions/core/email/record.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const least = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hello.' };
const parse = (fields: Record<string, unknown> = {}) => parseEmail({ ...least, ...fields }, nowMs);
const ids = { id: 'id', fingerprint: 'f', queue: 'bulk' } as const;

describe('newRecord', () => {
  it('leaves out absent fields, to stay small', async () => {
    expect(newRecord(await parse(), ids, nowMs)).toEqual({
      ...ids,
      status: 'queued',
      from: 'a@example.com',
      to: ['b@example.com'],
      subject: 'Hello',
      createdAtMs: nowMs,
      attempts: 0,
      timeline: [{ atMs: nowMs, event: 'queued' }],
    });
  });

  it('holds mailboxes as the API answers them', async () => {
    const email = await parse({
      from: 'Lee, Ann <a@example.com>',
      cc: 'C <c@example.com>',
      bcc: 'd@example.com',
      reply_to: 'e@münchen.de',
      tags: [{ name: 'a', value: 'b' }],
    });
    expect(newRecord(email, ids, nowMs)).toMatchObject({
      from: '"Lee, Ann" <a@example.com>',
      cc: ['C <c@example.com>'],
      bcc: ['d@example.com'],
      replyTo: ['e@xn--mnchen-3ya.de'],
      tags: [{ name: 'a', value: 'b' }],
    });
  });

  it('is scheduled only for a time in the future', async () => {
    const later = newRecord(await parse({ scheduled_at: '2026-11-21T12:00:00.001Z' }), ids, nowMs);
    expect(later).toMatchObject({ status: 'scheduled', scheduledAtMs: nowMs + 1, timeline: [{ event: 'scheduled' }] });
    for (const scheduled_at of ['2026-11-21T12:00:00Z', '2026-11-21T11:59:30Z']) {
      const record = newRecord(await parse({ scheduled_at }), ids, nowMs);
      expect(record.status).toBe('queued');
      expect(record.scheduledAtMs).toBeUndefined();
    }
  });
});

describe('the entry of a record', () => {
  it('is in the list of emails by its time', () => {
    expect(recordKey('1')).toBe('email#1');
    expect(listEntry({ id: 'x', createdAtMs: nowMs })).toEqual({ partition: 'email', sort: `${nowMs}#x` });
  });
});
