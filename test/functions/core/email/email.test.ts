import { describe, expect, it } from 'vitest';
import { parseEmail } from '../../../../functions/core/email/email.ts';
import { emailSchema } from '../../../../functions/core/email/schema.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const least = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hello.' };
const parse = (fields: Record<string, unknown> = {}) => parseEmail({ ...least, ...fields }, nowMs);
const addresses = (count: number, at = 'example.com') => Array.from({ length: count }, (_, index) => `r${index}@${at}`);
/** Resend's message, which programs compare. */
const FORMAT = 'The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.';
const TAGS = 'Tags should only contain ASCII letters, numbers, underscores, or dashes.';
const refused = (code: string, message: string | RegExp) =>
  expect.objectContaining({
    name: 'SendoffError',
    status: 422,
    code,
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  });

describe('parseEmail', () => {
  it('parses an email with only the required fields', async () => {
    expect(await parse()).toEqual({
      from: { name: '', address: 'a@example.com' },
      to: [{ name: '', address: 'b@example.com' }],
      cc: [],
      bcc: [],
      replyTo: [],
      subject: 'Hello',
      text: 'Hello.',
      headers: {},
      tags: [],
      attachments: [],
    });
  });

  it('parses an email with every field', async () => {
    const given = {
      from: 'Ann <a@example.com>',
      to: ['b@example.com'],
      cc: 'c@example.com',
      bcc: ['Dee <d@example.com>'],
      reply_to: 'e@example.com',
      subject: 'Grüße 👋',
      html: '<b>Hello</b>',
      headers: { 'X-A': 'b' },
      tags: [{ name: 'kind', value: 'welcome' }],
      attachments: [
        { filename: 'ä.txt', content: 'aGk=', content_type: 'text/plain', content_id: 'logo' },
        { path: 'https://example.com/a.pdf' },
      ],
      scheduled_at: '2026-11-22T12:00:00Z',
    };
    expect(await parse(given)).toEqual({
      from: { name: 'Ann', address: 'a@example.com' },
      to: [{ name: '', address: 'b@example.com' }],
      cc: [{ name: '', address: 'c@example.com' }],
      bcc: [{ name: 'Dee', address: 'd@example.com' }],
      replyTo: [{ name: '', address: 'e@example.com' }],
      subject: 'Grüße 👋',
      html: '<b>Hello</b>',
      text: 'Hello.',
      headers: { 'X-A': 'b' },
      tags: [{ name: 'kind', value: 'welcome' }],
      attachments: [
        { filename: 'ä.txt', content: 'aGk=', contentType: 'text/plain', contentId: 'logo' },
        { path: 'https://example.com/a.pdf' },
      ],
      scheduledAtMs: nowMs + 86_400_000,
    });
  });

  it('takes null for an absent html or text, as resend-node sends it', async () => {
    expect(await parse({ html: null })).not.toHaveProperty('html');
    expect(await parse({ text: null, html: '<b></b>' })).not.toHaveProperty('text');
  });

  it('takes null for every optional field', async () => {
    const names = Object.keys(emailSchema.def.shape).filter((name) => !(name in least));
    const nulls = Object.fromEntries(names.map((name) => [name, null]));
    expect(await parse(nulls)).toEqual(await parse());
    const file = { filename: null, path: null, content_type: null, content_id: null, inline_content_id: null };
    expect((await parse({ attachments: [{ content: 'aGk=', ...file }] })).attachments).toEqual([{ content: 'aGk=' }]);
  });

  it('takes an empty list for no headers, as PHP writes an empty map', async () => {
    expect((await parse({ headers: [] })).headers).toEqual({});
  });

  it('leaves out a Reply-To header that repeats `reply_to`, as Symfony sends it, and refuses one that does not', async () => {
    const headers = { 'Reply-To': 'Ann <E@example.com>', 'X-A': 'b' };
    expect(await parse({ reply_to: 'e@example.com', headers })).toMatchObject({
      headers: { 'X-A': 'b' },
      replyTo: [{ address: 'e@example.com' }],
    });
    for (const fields of [{ reply_to: 'f@example.com' }, { reply_to: [] }, {}])
      await expect(parse({ ...fields, headers })).rejects.toThrow('use the field `reply_to`');
    const another = { 'Reply-To': 'e@example.com, f@example.com' };
    await expect(parse({ reply_to: 'e@example.com', headers: another })).rejects.toThrow('use the field `reply_to`');
  });

  it('keeps an empty text beside html, which means no text part', async () => {
    expect(await parse({ text: '', html: '<b></b>' })).toMatchObject({ text: '', html: '<b></b>' });
  });

  it('replaces half of a surrogate pair by U+FFFD', async () => {
    const attachments = [{ filename: 'a\udc4b', content: '' }];
    expect(await parse({ subject: '\ud83d!', from: '\ud83d <a@example.com>', attachments })).toMatchObject({
      subject: '\ufffd!',
      from: { name: '\ufffd' },
      attachments: [{ filename: 'a\ufffd' }],
    });
  });

  it.each(['from', 'to', 'subject'])('names %s when it is missing', async (name) => {
    await expect(parse({ [name]: undefined })).rejects.toEqual(
      refused('missing_required_field', `Missing \`${name}\` field`),
    );
  });

  it.each([{ text: '' }, { text: null }, { text: '', html: '' }, { text: undefined }])(
    'requires html or text: %j',
    async (fields) => {
      await expect(parse(fields)).rejects.toEqual(refused('missing_required_field', 'Missing `html` or `text` field'));
    },
  );

  it.each<[Record<string, unknown>, string, string]>([
    [{ sheduled_at: 'in 1 min' }, 'invalid_parameter', 'Unknown field `sheduled_at`. Did you mean `scheduled_at`?'],
    [{ replyTo: 'a@b.co' }, 'invalid_parameter', 'Did you mean `reply_to`?'],
    [{ template: { id: '1' } }, 'invalid_parameter', 'The field `template` is not supported'],
    [{ topic_id: '1' }, 'invalid_parameter', 'The field `topic_id` is not supported here'],
    [{ from: 'nobody' }, 'validation_error', `Invalid \`from\` field. ${FORMAT} It is not one address.`],
    [{ from: ['a@example.com'] }, 'validation_error', `Invalid \`from\` field. ${FORMAT} It must be of type string.`],
    [{ to: [] }, 'missing_required_field', 'Missing `to` field'],
    [{ to: null }, 'missing_required_field', 'Missing `to` field'],
    [{ to: 'nobody' }, 'validation_error', `Invalid \`to\` field. ${FORMAT} It is not one address.`],
    [{ to: ['b@example.com', ''] }, 'validation_error', `Invalid \`to\` field. ${FORMAT} It is not one address.`],
    [{ to: [1] }, 'validation_error', `Invalid \`to\` field. ${FORMAT} Entry 0: it must be of type string.`],
    [{ to: { email: 'a@b.co' } }, 'validation_error', `Invalid \`to\` field. ${FORMAT} It has the wrong type.`],
    [{ to: addresses(51) }, 'invalid_parameter', 'Invalid `to` field: it must have at most 50 entries.'],
    [{ cc: 'x' }, 'validation_error', `Invalid \`cc\` field. ${FORMAT}`],
    [{ bcc: ['a@b.co\r\n'] }, 'validation_error', `Invalid \`bcc\` field. ${FORMAT}`],
    [{ reply_to: 'x' }, 'validation_error', `Invalid \`reply_to\` field. ${FORMAT}`],
    [{ subject: 'a\nBcc: b@example.com' }, 'invalid_parameter', 'Invalid `subject` field. It has a line break'],
    [{ subject: 'a\rb' }, 'invalid_parameter', 'line break'],
    [{ subject: 'a\u0000b' }, 'invalid_parameter', 'control character'],
    [{ subject: 7 }, 'invalid_parameter', 'Invalid `subject` field: it must be of type string'],
    [{ headers: { Bcc: 'x@example.com' } }, 'invalid_parameter', 'use the field `bcc`'],
    [{ headers: { 'X-A': 1 } }, 'invalid_parameter', 'Invalid `headers.X-A` field: it must be of type string'],
    [{ headers: ['X-A'] }, 'invalid_parameter', 'Invalid `headers` field: it must be an object of names and values.'],
    [JSON.parse('{"headers":{"__proto__":"x"}}'), 'invalid_parameter', 'Invalid `headers` field: __proto__'],
    [{ tags: [{ name: 'a b', value: 'c' }] }, 'validation_error', `${TAGS} \`tags.0.name\` has something else.`],
    [{ tags: [{ name: 'a', value: 'ü' }] }, 'validation_error', `${TAGS} \`tags.0.value\``],
    [{ tags: [{ name: '', value: 'c' }] }, 'validation_error', `${TAGS} \`tags.0.name\``],
    [{ tags: [{ name: 'a\n', value: 'c' }] }, 'validation_error', `${TAGS} \`tags.0.name\``],
    [
      { tags: [{ name: 'a'.repeat(257), value: 'c' }] },
      'invalid_parameter',
      'Invalid `tags.0.name` field: it must have',
    ],
    [{ tags: { a: 'b' } }, 'invalid_parameter', 'Invalid `tags` field'],
    [{ tags: [{ name: 'sendoff-email-id', value: 'x' }] }, 'invalid_parameter', "Sendoff's own"],
    [{ scheduled_at: 'whenever' }, 'invalid_parameter', 'Invalid `scheduled_at` field'],
    [{ scheduled_at: 1_800_000_000 }, 'invalid_parameter', 'Invalid `scheduled_at` field: it must be of type string'],
  ])('refuses %j', async (fields, code, message) => {
    await expect(parse(fields)).rejects.toEqual(refused(code, message));
  });

  it.each([undefined, null, 1, 'text', [], [least]])('refuses %j as an email', async (input) => {
    await expect(parseEmail(input, nowMs)).rejects.toEqual(refused('invalid_parameter', 'must be a JSON object'));
  });

  it('does not break on an object of a hundred thousand levels', async () => {
    const depth = 100_000;
    const deep = JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);
    await expect(parse({ headers: deep })).rejects.toEqual(refused('invalid_parameter', 'Invalid `headers.a` field'));
    await expect(parse({ deep })).rejects.toEqual(refused('invalid_parameter', 'Unknown field `deep`'));
  });
});

describe('limits', () => {
  const tag = (length: number) => ({ name: 'n'.repeat(length), value: 'v'.repeat(length) });
  const file = (fields: Record<string, unknown> = {}) => ({
    attachments: [{ filename: 'f', content: 'aGk=', ...fields }],
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      '50 recipients in all',
      { to: addresses(20), cc: addresses(20), bcc: addresses(10) },
      { to: addresses(20), cc: addresses(20), bcc: addresses(11) },
    ],
    ['50 in one field', { to: addresses(50) }, { to: addresses(51) }],
    ['50 addresses to reply to', { reply_to: addresses(50) }, { reply_to: addresses(51) }],
    ['998 characters of subject', { subject: 's'.repeat(998) }, { subject: 's'.repeat(999) }],
    ['50 tags', { tags: Array.from({ length: 50 }, () => tag(1)) }, { tags: Array.from({ length: 51 }, () => tag(1)) }],
    ['256 characters of a tag', { tags: [tag(256)] }, { tags: [tag(257)] }],
    [
      '8000 characters of a header',
      { headers: { 'X-A': 'a '.repeat(4_000) } },
      { headers: { 'X-A': 'a '.repeat(4_001) } },
    ],
    [
      '100 attachments',
      { attachments: Array.from({ length: 100 }, () => ({ content: '' })) },
      { attachments: Array.from({ length: 101 }, () => ({ content: '' })) },
    ],
    ['255 characters of a file name', file({ filename: 'f'.repeat(255) }), file({ filename: 'f'.repeat(256) })],
    ['127 characters of a content id', file({ content_id: 'c'.repeat(127) }), file({ content_id: 'c'.repeat(128) })],
    [
      '200 characters of a date',
      { scheduled_at: `in 1 min${' '.repeat(192)}` },
      { scheduled_at: `in 1 min${' '.repeat(193)}` },
    ],
  ])('takes %s, not one more', async (_what, most, more) => {
    await expect(parse(most)).resolves.toBeTypeOf('object');
    await expect(parse(more)).rejects.toMatchObject({ status: 422 });
  });

  it('takes 10 MB of text and files, not a byte more', async () => {
    const most = {
      html: 'ü'.repeat(1_000_000),
      text: 't'.repeat(4_000_000),
      ...file({ content: 'A'.repeat(4_000_000) }),
    };
    await expect(parse(most)).resolves.toBeTypeOf('object');
    await expect(parse({ ...most, text: 't'.repeat(4_000_001) })).rejects.toEqual(
      refused('invalid_attachment', 'too large: 10000001 bytes'),
    );
  });
});

describe('attachments', () => {
  const EITHER = 'Attachment must have either a `content` or `path`.';
  const BYTES =
    'Invalid `attachments.0.content` field: it must be base64, an array of bytes (0 to 255), or a serialized Node Buffer.';
  const attach = async (fields: Record<string, unknown>) => (await parse({ attachments: [fields] })).attachments[0];

  it.each([
    ['base64', 'aGVsbG8=', 'aGVsbG8='],
    ['base64 without padding', 'aGVsbG8', 'aGVsbG8'],
    ['base64 in lines', 'aGVs\r\nbG8=\r\n', 'aGVsbG8='],
    ['base64url', '_-8', '_-8'],
    ['nothing', '', ''],
    ['a serialized Buffer', JSON.parse(JSON.stringify(Buffer.from([0, 255, 104]))), 'AP9o'],
    ['an empty serialized Buffer', { type: 'Buffer', data: [] }, ''],
    ['an array of bytes, as Go, Python, Ruby and Rust send it', [0, 255, 104], 'AP9o'],
    ['an empty array of bytes', [], ''],
    ['minus zero', [-0, 1], 'AAE='],
    [
      'iCalendar as it is, as Laravel sends it',
      ' \nBEGIN:VCALENDAR\r\nü',
      Buffer.from('BEGIN:VCALENDAR\r\nü').toString('base64'),
    ],
  ])('takes %s', async (_what, content, stored) => {
    expect(await attach({ content })).toEqual({ content: stored });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['neither content nor path', { filename: 'a' }, `${EITHER} \`attachments.0\` has neither.`],
    ['null for both', { content: null, path: null }, `${EITHER} \`attachments.0\` has neither.`],
    [
      'both content and path',
      { content: 'aGk=', path: 'https://example.com/a' },
      `${EITHER} \`attachments.0\` has both.`,
    ],
    ['text that is not base64', { content: 'not base64!' }, 'not valid base64'],
    ['base64 with padding inside', { content: 'aG=k' }, 'not valid base64'],
    ['base64 with too much padding', { content: 'aGk===' }, 'not valid base64'],
    ['base64 of an impossible length', { content: 'aGkaG' }, 'not valid base64'],
    ['a Buffer with a number over 255', { content: { type: 'Buffer', data: [256] } }, BYTES],
    ['a Buffer with a negative number', { content: { type: 'Buffer', data: [-1] } }, BYTES],
    ['a Buffer with a fraction', { content: { type: 'Buffer', data: [1.5] } }, BYTES],
    ['a Buffer of another type', { content: { type: 'Blob', data: [] } }, BYTES],
    ['a Buffer with more in it', { content: { type: 'Buffer', data: [], more: 1 } }, BYTES],
    ['an array with a number over 255', { content: [0, 256] }, BYTES],
    ['an array with a number beyond all', { content: JSON.parse('[1e400]') }, BYTES],
    ['an array of text', { content: ['1'] }, BYTES],
    ['an array of null', { content: [null] }, BYTES],
    ['an array of arrays', { content: [[1]] }, BYTES],
    ['a number', { content: 7 }, BYTES],
    [
      'two ids that differ',
      { content: '', content_id: 'a', inline_content_id: 'b' },
      'two names of one field, and differ',
    ],
    [
      'two types that differ',
      { content: '', content_type: 'a/b', contentType: 'a/c' },
      'two names of one field, and differ',
    ],
    ['an older id that is none', { content: '', inline_content_id: '<a>' }, 'without spaces or angle brackets'],
    ['a path that is no URL', { path: '/etc/passwd' }, 'must be an https URL'],
    ['a path over http', { path: 'http://example.com/a' }, 'must be an https URL'],
    ['a path to a file', { path: 'file:///etc/passwd' }, 'must be an https URL'],
    ['a path of data', { path: 'data:text/plain,hi' }, 'must be an https URL'],
    ['a line break in the name', { content: '', filename: 'a\r\nBcc: b@example.com' }, 'line break'],
    ['61 blanks in the name', { content: '', filename: `a${' '.repeat(61)}b` }, 'more than 60 blanks in a row'],
    ['61 blanks in the type', { content: '', content_type: `a/b;${' '.repeat(61)}c=d` }, 'must be a media type'],
    ['a line break in the type', { content: '', content_type: 'text/plain\r\nX: y' }, 'line break'],
    ['a line break in the id', { content: '', content_id: 'a\nb' }, 'line break'],
    ['brackets in the id', { content: '', content_id: '<a>' }, 'without spaces or angle brackets'],
    ['a blank in the id', { content: '', content_id: 'a b' }, 'without spaces or angle brackets'],
    ['an id that is not ASCII', { content: '', content_id: 'ü' }, 'must be ASCII'],
    ['an empty id', { content: '', content_id: '' }, 'must be ASCII'],
    ['a multipart type', { content: '', content_type: 'multipart/mixed; boundary=x' }, 'not multipart'],
    ['a multipart type in capitals', { content: '', content_type: 'MULTIPART/alternative' }, 'not multipart'],
    ['a type that is none', { content: '', content_type: 'pdf' }, 'must be a media type'],
    ['a type that is not ASCII', { content: '', content_type: 'text/plain; name=ü' }, 'must be a media type'],
    ['an unknown field', { content: '', fileName: 'a' }, 'Unknown field `attachments.0.fileName`'],
  ])('refuses %s', async (_what, fields, message) => {
    await expect(attach(fields)).rejects.toMatchObject({ status: 422, message: expect.stringContaining(message) });
  });

  it.each([
    'text/plain',
    'application/vnd.ms-excel',
    'text/calendar; method=REQUEST; charset="utf-8"',
    'image/svg+xml',
  ])('takes the type %s', async (content_type) => {
    expect(await attach({ content: '', content_type })).toMatchObject({ contentType: content_type });
  });

  it('takes the older names of fields, and both names that agree', async () => {
    const inline = { content: '', inline_content_id: 'logo' };
    expect(await attach(inline)).toEqual({ content: '', contentId: 'logo' });
    expect(await attach({ ...inline, content_id: 'logo' })).toEqual({ content: '', contentId: 'logo' });
    expect(await attach({ content: '', contentType: 'a/b' })).toEqual({ content: '', contentType: 'a/b' });
  });

  it('takes four megabytes as an array of bytes', async () => {
    const content = Array.from({ length: 1_500_000 }, (_, index) => index % 256);
    expect((await attach({ content }))?.content).toBe(Buffer.from(content).toString('base64'));
    await expect(attach({ content: content.map((byte) => byte - 1) })).rejects.toMatchObject({ status: 422 });
  });
});
