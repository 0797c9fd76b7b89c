import { describe, expect, it } from 'vitest';
import { timeSort } from '../../../../functions/core/document/time-sort.ts';
import { bodyKey, packBody, unpackBody } from '../../../../functions/core/email/body.ts';
import { parseEmail } from '../../../../functions/core/email/email.ts';
import { listEntry, newRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { lastEvent } from '../../../../functions/core/email/status.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const least = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hello.' };
const parse = (fields: Record<string, unknown> = {}) => parseEmail({ ...least, ...fields }, nowMs);
const identity = { id: 'id', fingerprint: 'f', queue: 'bulk' } as const;

describe('newRecord', () => {
  it('is small: what is not there is left out', async () => {
    expect(newRecord(await parse(), identity, nowMs)).toEqual({
      ...identity,
      status: 'queued',
      from: 'a@example.com',
      to: ['b@example.com'],
      subject: 'Hello',
      createdAtMs: nowMs,
      attempts: 0,
      timeline: [{ atMs: nowMs, event: 'queued' }],
    });
  });

  it('holds addresses as answers show them', async () => {
    const email = await parse({
      from: 'Lee, Ann <a@example.com>',
      cc: 'C <c@example.com>',
      bcc: 'd@example.com',
      reply_to: 'e@münchen.de',
      tags: [{ name: 'a', value: 'b' }],
    });
    expect(newRecord(email, identity, nowMs)).toMatchObject({
      from: '"Lee, Ann" <a@example.com>',
      cc: ['C <c@example.com>'],
      bcc: ['d@example.com'],
      replyTo: ['e@xn--mnchen-3ya.de'],
      tags: [{ name: 'a', value: 'b' }],
    });
  });

  it('is scheduled only for a time to come', async () => {
    const later = newRecord(await parse({ scheduled_at: '2026-11-21T12:00:00.001Z' }), identity, nowMs);
    expect(later).toMatchObject({ status: 'scheduled', scheduledAtMs: nowMs + 1, timeline: [{ event: 'scheduled' }] });
    for (const scheduled_at of ['2026-11-21T12:00:00Z', '2026-11-21T11:59:30Z']) {
      const record = newRecord(await parse({ scheduled_at }), identity, nowMs);
      expect(record.status).toBe('queued');
      expect(record.scheduledAtMs).toBeUndefined();
    }
  });
});

describe('the body', () => {
  const bodies: [string, Record<string, unknown>][] = [
    ['text', {}],
    ['html and text of many scripts', { html: '<p>Grüße, 世界 👋</p>', text: 'a\r\nb\u0000c' }],
    ['headers', { headers: { 'X-A': 'b' } }],
    [
      'attachments',
      {
        attachments: [
          { filename: 'a', content: 'aGk=', content_type: 'text/plain', content_id: 'x' },
          { path: 'https://a.co/' },
        ],
      },
    ],
    ['a megabyte', { html: 'Lorem ipsum dolor. '.repeat(55_000) }],
  ];

  it.each(bodies)('is read as it was written: %s', async (_what, fields) => {
    const { html, text, headers, attachments } = await parse(fields);
    expect(unpackBody(packBody(await parse(fields)))).toEqual({ html, text, headers, attachments });
  });

  it('is compressed: a typical one fits a write unit of 1 KB', async () => {
    const paragraph = '<p style="margin:0 0 16px">Thank you for your order. You can follow it in your account.</p>';
    const html = `<html><body><table width="100%">${`<tr><td>${paragraph}</td></tr>`.repeat(30)}</table></body></html>`;
    expect(packBody(await parse({ html })).length).toBeLessThan(1_000);
  });
});

describe('keys and places', () => {
  it('keep bodies of different payloads apart', () => {
    expect(recordKey('1')).toBe('email#1');
    expect(bodyKey('1', 'a'.repeat(32))).not.toBe(bodyKey('1', 'b'.repeat(32)));
  });

  it('sort by time first, as text, then by id', () => {
    const sorted = [
      timeSort(0, 'z'),
      timeSort(999, 'a'),
      timeSort(1_000, 'a'),
      timeSort(nowMs, 'a'),
      timeSort(nowMs, 'b'),
      timeSort(nowMs + 0.6, 'a'),
    ];
    expect(sorted.toSorted()).toEqual(sorted);
    expect(listEntry({ id: 'x', createdAtMs: nowMs })).toEqual({ partition: 'email', sort: `${nowMs}#x` });
  });
});

describe('lastEvent', () => {
  it('shows an email that is being sent as queued', () => {
    expect(lastEvent('sending')).toBe('queued');
    expect(lastEvent('delivery_delayed')).toBe('delivery_delayed');
  });
});
