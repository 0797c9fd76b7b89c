import { describe, expect, it } from 'vitest';
import { bodyKey, packBody, unpackBody } from '../../../../functions/core/email/body.ts';
import { parseEmail } from '../../../../functions/core/email/email.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const least = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hello.' };
const parse = (fields: Record<string, unknown> = {}) => parseEmail({ ...least, ...fields }, nowMs);

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

  it.each(bodies)('is the same after packing and unpacking: %s', async (_what, fields) => {
    const { html, text, headers, attachments } = await parse(fields);
    expect(unpackBody(packBody(await parse(fields)))).toEqual({ html, text, headers, attachments });
  });

  it('is compressed: a typical one fits a write unit of 1 KB', async () => {
    const paragraph = '<p style="margin:0 0 16px">Thank you for your order. You can follow it in your account.</p>';
    const html = `<html><body><table width="100%">${`<tr><td>${paragraph}</td></tr>`.repeat(30)}</table></body></html>`;
    expect(packBody(await parse({ html })).length).toBeLessThan(1_000);
  });

  it('has another key for another payload', () => {
    expect(bodyKey('1', 'a'.repeat(32))).not.toBe(bodyKey('1', 'b'.repeat(32)));
  });
});
