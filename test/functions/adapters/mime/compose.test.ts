import PostalMime, { decodeWords } from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { parseEmail } from '../../../../functions/core/email/email.ts';
import { SendoffError } from '../../../../functions/core/errors.ts';
import { pick, randomFrom, textOf } from '../../../helpers/random-text.ts';
import { compose, headersOf, least, nowMs, PNG } from './composing.ts';

const golden: [string, Record<string, unknown>][] = [
  ['text', {}],
  ['html', { html: '<p>Hello, <b>Bob</b>.</p>', text: null }],
  ['html-without-text', { html: '<p>Hello, <b>Bob</b>.</p>', text: '' }],
  ['html-and-text', { html: '<p>Hello, <b>Bob</b>.</p>' }],
  [
    'text-of-many-scripts',
    {
      text: 'Grüße, 世界 👋\r\none\rtwo\n.\n..\nFrom here on\n\ttab and trailing blank \n',
      subject: 'Grüße, 世界 👋 und noch viel mehr, damit der Betreff in mehrere Zeilen gefaltet werden muss',
    },
  ],
  [
    'names',
    {
      from: 'Müller, Jörg <jm@example.com>',
      to: ['"Quote \\"Q\\" Q" <q@example.com>', '世界 <s@例え.テスト>', '"john doe"@example.com'],
      cc: ['C C <c@example.com>'],
      reply_to: ['R <r@example.com>', 'r2@example.com'],
      bcc: ['Secret <secret@example.com>'],
    },
  ],
  [
    'headers',
    {
      headers: {
        'X-Tags': '["a","b"]',
        'List-Unsubscribe': `<https://example.com/unsubscribe?token=${'t'.repeat(120)}>, <mailto:u@example.com>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        'In-Reply-To': '<1@example.com>',
        References: '<0@example.com> <1@example.com>',
        'X-Text': 'Grüße',
        'x-lower-case': 'a\tb',
        'X-Long': `${'word '.repeat(40)}${'w'.repeat(300)}`,
      },
    },
  ],
  [
    'attachments',
    {
      attachments: [
        { filename: 'hello.txt', content: Buffer.from('Hello.').toString('base64') },
        { filename: 'Übersicht – 世界.pdf', content: 'JVBERi0=', content_type: 'application/pdf' },
        { content: 'aGk=' },
        { filename: '', content: '' },
        { filename: 'a "quoted" \\ name;.csv', content: 'YSxi', content_type: 'text/csv; charset=utf-8' },
        {
          filename: 'forwarded.eml',
          content: Buffer.from('Subject: x\n\r\nseven bits').toString('base64'),
          content_type: 'message/rfc822',
        },
        {
          filename: 'eight-bits.eml',
          content: Buffer.from('Subject: é\r\n\r\nx').toString('base64'),
          content_type: 'message/rfc822',
        },
      ],
    },
  ],
  [
    'inline-image',
    {
      html: '<p><img src="cid:logo"></p>',
      attachments: [
        { filename: 'logo.png', content: PNG, content_type: 'image/png', content_id: 'logo' },
        { filename: 'terms.txt', content: 'aGk=' },
      ],
    },
  ],
];

describe('composeMime', () => {
  it.each(golden)('writes %s as in its golden file', async (name, fields) => {
    const raw = await compose(fields);
    await expect(raw.replaceAll('\r\n', '\n')).toMatchFileSnapshot(`../../../fixtures/mime/${name}.eml`);
  });

  it.each(golden)(
    'writes %s in seven bits, in lines that end by CRLF and fit 998 characters, byte for byte the same again',
    async (_name, fields) => {
      const raw = await compose(fields);
      expect(raw).toMatch(/^[\t\r\n -~]*$/);
      expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
      expect(await compose(fields)).toBe(raw);
    },
  );

  it.each(golden)('is read correctly by a mail parser: %s', async (_name, fields) => {
    const meant = await parseEmail({ ...least, ...fields }, nowMs);
    const read = await PostalMime.parse(await compose(fields));
    expect(read.subject).toBe(meant.subject);
    expect(read.from).toEqual(meant.from);
    expect(read.to).toEqual(meant.to);
    expect(read.cc ?? []).toEqual(meant.cc);
    expect(read.replyTo ?? []).toEqual(meant.replyTo);
    const text = (content: string | undefined) => content?.replace(/\r\n?/g, '\n').trim();
    if (meant.text) expect(text(read.text)).toContain(text(meant.text));
    if (meant.html) expect(text(read.html)).toContain(text(meant.html));
    for (const [name, value] of Object.entries(meant.headers))
      expect(
        decodeWords(read.headers.find(({ key }) => key === name.toLowerCase())?.value ?? '').replace(/\s+/g, ' '),
      ).toBe(value.replace(/\s+/g, ' '));
    // This parser shows an attached message and does not list it.
    const listed = meant.attachments.filter(({ filename }) => filename !== 'forwarded.eml');
    const files = listed.map(({ filename, content = '' }) => [filename || 'attachment', content]);
    const bytesOf = (content: string | ArrayBuffer | Uint8Array) =>
      typeof content === 'string'
        ? Buffer.from(content)
        : Buffer.from(content instanceof Uint8Array ? content : new Uint8Array(content));
    const got = read.attachments.map(({ filename, content }) => [filename, bytesOf(content).toString('base64')]);
    expect(got.toSorted()).toEqual(files.toSorted());
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'an encoded word as the text it is',
      { subject: '=?utf-8?q?x?=', headers: { 'X-A': 'a =?utf-8?q?x?=' } },
      'X-A: =?UTF-8?Q?a_=3D=3Futf-8=3Fq=3Fx=3F=3D?=\r\n',
    ],
    [
      'a name that looks encoded',
      { to: '"=?utf-8?q?x?=" <b@example.com>' },
      'To: =?UTF-8?Q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= <b@',
    ],
    ['a run of blanks encoded', { headers: { 'X-A': `a${' '.repeat(61)}b` } }, 'X-A: =?UTF-8?Q?a____'],
    ['a run of blanks that can be folded as it is', { headers: { 'X-A': '{"a":  1}' } }, 'X-A: {"a":  1}\r\n'],
    ['References as given', { headers: { References: 'a <b> <c' } }, 'References: a <b> <c\r\n'],
    ['In-Reply-To as given', { headers: { 'In-Reply-To': 'a b' } }, 'In-Reply-To: a b\r\n'],
    ['a name of a header as given', { headers: { 'x-mixed-ID': 'a' } }, 'x-mixed-ID: a\r\n'],
    ['a quoted local part', { to: '<"a..b"@docomo.example>' }, 'To: <"a..b"@docomo.example>\r\n'],
    ['a subject without a blank', { subject: 's'.repeat(998) }, 'Subject: =?UTF-8?Q?sss'],
    ['a double blank in a subject', { subject: 'a  b' }, 'Subject: =?UTF-8?Q?a__b?='],
  ])('writes %s', async (_what, fields, line) => {
    expect(await compose(fields)).toContain(line);
  });

  it('makes a text part from html, but not from html without text, nor if the text is empty', async () => {
    const read = async (fields: Record<string, unknown>) =>
      (await PostalMime.parse(await compose(fields))).text?.trim();
    const html = '<p>Hello, <a href="https://example.com">Bob</a>.</p>';
    expect(await read({ html, text: null })).toBe('Hello, Bob https://example.com.');
    expect(await compose({ html: '<img src="https://example.com/a.png">', text: null })).not.toContain('text/plain');
    expect(await compose({ html, text: '' })).not.toContain('text/plain');
  });

  it('makes no text part that would make the message too large', async () => {
    const html = `<p>${'word '.repeat(20_000)}</p>`;
    const sized = async (text: string | null, bytes: number) => {
      const attachments = [{ path: 'https://example.com/a', filename: 'a' }];
      const raw = await compose({ html, text, attachments }, async () => ({ bytes: Buffer.alloc(bytes) }));
      return raw.length;
    };
    const empty = await sized('', 0);
    // Base64 in lines of 76 characters and CRLF: 57 bytes become 78.
    const room = Math.floor((10_000_000 - empty) / 78) * 57;
    expect(await sized(null, room)).toBe(await sized('', room));
    expect(await sized(null, 0)).toBeGreaterThan(empty + 100_000);
  });

  it('does not contain Bcc in any form', async () => {
    const raw = await compose({ bcc: ['Secret Person <secret@hidden.example>'], html: '<b>x</b>' });
    expect(raw).not.toMatch(/bcc|secret|hidden/i);
  });

  it('has each of its own headers once', async () => {
    const [, fields] = golden.find(([name]) => name === 'headers') ?? ['', {}];
    const names = headersOf(await compose({ ...fields, cc: 'c@example.com', reply_to: 'r@example.com' })).map((name) =>
      name.toLowerCase(),
    );
    for (const name of [
      'from',
      'to',
      'cc',
      'reply-to',
      'subject',
      'date',
      'message-id',
      'mime-version',
      'content-type',
    ])
      expect(names.filter((one) => one === name)).toEqual([name]);
    expect(names).not.toContain('bcc');
  });

  it('never turns a value of a caller into another header or recipient', async () => {
    const random = randomFrom(20261121);
    const evil = [
      '\r\n',
      '\n',
      '\r',
      '\u0000',
      '\u2028',
      '\u0085',
      'Bcc: evil@evil.example',
      '\r\nBcc: evil@evil.example\r\n',
      'X: y',
      ' ',
      ':',
      ',',
      ';',
      '"',
      '<',
      '>',
      '=?utf-8?q?=0D=0ABcc:_evil@evil.example?=',
      'ü',
      '👋',
      '\\',
      '%0d%0a',
      'a',
    ];
    const known = new Set([
      'from',
      'to',
      'cc',
      'reply-to',
      'subject',
      'x-evil',
      'message-id',
      'date',
      'mime-version',
      'content-type',
      'content-transfer-encoding',
    ]);
    let composed = 0;
    for (let round = 0; round < 700; round++) {
      const text = () => textOf(random, evil, 4);
      const fields: Record<string, unknown> = { [pick(random, ['subject', 'text', 'html'])]: `s${text()}` };
      const place = pick(random, [
        'from',
        'to',
        'cc',
        'reply_to',
        'name',
        'value',
        'filename',
        'content_type',
        'content_id',
      ]);
      if (place === 'name') fields.headers = { [`X-Evil${text()}`]: 'v' };
      else if (place === 'value') fields.headers = { 'X-Evil': text() };
      else if (['from', 'to', 'cc', 'reply_to'].includes(place)) fields[place] = `${text()} <a@example.com>`;
      else
        fields.attachments = [
          { content: 'aGk=', [place]: place === 'content_type' ? `text/plain; name=${text()}` : text() },
        ];
      const raw = await compose(fields).catch((error: unknown) => {
        expect(error).toBeInstanceOf(SendoffError);
        return undefined;
      });
      if (raw === undefined) continue;
      composed++;
      expect(raw).toMatch(/^[\t\r\n -~]*$/);
      expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      for (const name of headersOf(raw))
        expect(known, JSON.stringify(fields)).toContain(name.toLowerCase().replace(/^x-evil.*/, 'x-evil'));
      const read = await PostalMime.parse(raw);
      expect(read.bcc).toBeUndefined();
      const everyone = [read.from, ...(read.to ?? []), ...(read.cc ?? []), ...(read.replyTo ?? [])];
      expect(everyone.map((mailbox) => mailbox?.address).join()).not.toContain('evil.example');
    }
    expect(composed).toBeGreaterThan(100);
  });
});
