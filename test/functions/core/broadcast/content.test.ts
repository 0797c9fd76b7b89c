import { describe, expect, it } from 'vitest';
import {
  type BroadcastContent,
  type MergeRecipient,
  prepareContent,
  renderFor,
} from '../../../../functions/core/broadcast/content.ts';

const lookups = {
  unsubscribeUrl: 'https://mail.example.com/unsubscribe/abc?a=1&b=2',
  propertyFallback: (key: string) =>
    new Map<string, string | number>([
      ['plan', 'free'],
      ['seats', 3],
    ]).get(key),
};
const ada: MergeRecipient = { email: 'ada@example.org', firstName: 'Ada', lastName: 'Lovelace', properties: {} };

async function rendered(content: Partial<BroadcastContent>, recipient = ada, { footer = false } = {}) {
  const prepared = await prepareContent(
    { id: 'c', subject: 'News', html: '<p>News</p>', ...content },
    { footer, toText: async (html) => html.replace(/<[^>]*>/g, '') },
  );
  return renderFor(prepared, recipient, lookups);
}

const html = async (text: string, recipient?: MergeRecipient) => (await rendered({ html: text }, recipient)).html;

describe('a placeholder', () => {
  it.each([
    ['{{{FIRST_NAME}}}', 'Ada'],
    ['{{{contact.first_name|there}}}', 'Ada'],
    ['{{{ first_name }}}', 'Ada'],
    ['{{{LAST_NAME}}}', 'Lovelace'],
    ['{{{EMAIL}}} {{{contact.email}}} {{{email}}}', 'ada@example.org ada@example.org ada@example.org'],
    ['{{{RESEND_UNSUBSCRIBE_URL}}}', 'https://mail.example.com/unsubscribe/abc?a=1&amp;b=2'],
    ['{{{unknown}}}', ''],
    ['{{{unknown|your company}}}', 'your company'],
    ['{{FIRST_NAME}}', '{{FIRST_NAME}}'],
    ['{{{first name}}}', '{{{first name}}}'],
    ['{{{constructor}}}{{{__proto__}}}{{{toString|x}}}', 'x'],
  ])('%s becomes %s', async (text, expected) => {
    expect(await html(text)).toBe(expected);
  });

  it("takes the contact's value, then its own fallback, then the property's, then nothing", async () => {
    const pro = { ...ada, properties: { plan: 'pro', seats: 0, active: false, empty: '' } };
    expect(await html('{{{plan|basic}}} {{{contact.seats}}} {{{active}}} {{{empty|none}}}', pro)).toBe(
      'pro 0 false none',
    );
    expect(await html('{{{plan|basic}}} {{{plan}}} {{{contact.seats}}}')).toBe('basic free 3');
  });

  it('takes the fallback of the template that was copied before that of a property', async () => {
    expect((await rendered({ html: '{{{plan}}}', fallbacks: { plan: 'trial' } })).html).toBe('trial');
  });

  it('takes the variables of a recipient of a list', async () => {
    const listed = { email: 'bo@example.org', properties: { first_name: 'Bo', order: 17, email: 'else@example.org' } };
    expect(await html('{{{FIRST_NAME}}} {{{order}}} {{{email}}}', listed)).toBe('Bo 17 bo@example.org');
  });
});

describe('what a contact typed', () => {
  it('is not read again as a placeholder', async () => {
    const name = '{{{EMAIL}}}{{{LAST_NAME|x}}}';
    const made = await rendered(
      { subject: '{{{FIRST_NAME}}}', html: '{{{FIRST_NAME}}}', text: '{{{FIRST_NAME}}}' },
      { ...ada, firstName: name },
    );
    expect(made).toEqual({ subject: name, html: name, text: name });
  });

  it('cannot complete a placeholder with the text around it', async () => {
    expect(await html('{{{FIRST_NAME}}}EMAIL}}}', { ...ada, firstName: '{{{' })).toBe('{{{EMAIL}}}');
    expect(await html('{{{{FIRST_NAME}}}}', { ...ada, firstName: '{{EMAIL}}' })).toBe('{{{EMAIL}}}');
  });

  it('is no HTML in the html, in an attribute neither, and stays as it is in the text', async () => {
    const firstName = `<img src=x onerror="alert('1')">&amp;`;
    const made = await rendered(
      { html: '<a title="{{{FIRST_NAME}}}">', text: '{{{FIRST_NAME}}}' },
      { ...ada, firstName },
    );
    expect(made.html).toBe('<a title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;amp;">');
    expect(made.text).toBe(firstName);
  });

  it('is on one line in the subject, which stays short', async () => {
    const crlf = await rendered(
      { subject: 'For {{{FIRST_NAME}}}' },
      { ...ada, firstName: 'A\r\nBcc: x@example.com\u2028B' },
    );
    expect(crlf.subject).toBe('For A Bcc: x@example.com B');
    const long = await rendered({ subject: '{{{FIRST_NAME}}}' }, { ...ada, firstName: 'x'.repeat(5_000) });
    expect(long.subject).toHaveLength(998);
  });

  it('may have what a replacement would read', async () => {
    expect(await html('<{{{FIRST_NAME}}}>', { ...ada, firstName: "$& $1 $$ $` $' \\" })).toBe(
      '<$&amp; $1 $$ $` $&#39; \\>',
    );
  });

  it('may be 200 properties', async () => {
    const entries = Array.from({ length: 200 }, (_, index) => [`p${index}`, `<${index}>`] as const);
    const made = await html(entries.map(([key]) => `{{{${key}}}}`).join(''), {
      ...ada,
      properties: Object.fromEntries(entries),
    });
    expect(made).toBe(entries.map(([, value]) => value.replace('<', '&lt;').replace('>', '&gt;')).join(''));
  });

  it('takes a time that grows with the text, whatever the text is', async () => {
    for (const piece of ['{', '{{{', '{{{a|', '{{{a}}', '<body ', '</body', '<!doctype '])
      await rendered({ html: piece.repeat(350_000 / piece.length), text: piece.repeat(1_000), previewText: 'x' });
  });
});

describe('the footer', () => {
  it('is in each part without a placeholder for the link, before the end of the body', async () => {
    const { html: page, text } = await rendered({ html: '<body><p>News</p></BODY></html>', text: 'News' }, ada, {
      footer: true,
    });
    expect(page).toMatch(
      /^<body><p>News<\/p><p .*href="https:\/\/mail\.example\.com\/unsubscribe\/abc\?a=1&amp;b=2".*<\/BODY><\/html>$/,
    );
    expect(text).toBe('News\n\n--\nUnsubscribe: https://mail.example.com/unsubscribe/abc?a=1&b=2\n');
  });

  it('is not where the link is already', async () => {
    const part = 'Leave: {{{RESEND_UNSUBSCRIBE_URL}}}';
    const made = await rendered({ html: part, text: part }, ada, { footer: true });
    expect(made.html).toBe('Leave: https://mail.example.com/unsubscribe/abc?a=1&amp;b=2');
    expect(made.text).toBe('Leave: https://mail.example.com/unsubscribe/abc?a=1&b=2');
  });
});

describe('the parts', () => {
  it('have a text made of the html where it is absent, and none where it is empty', async () => {
    expect((await rendered({ html: '<p>{{{FIRST_NAME}}}</p>' }, { ...ada, firstName: '<b>' })).text).toBe('<b>');
    expect((await rendered({ text: '' }, ada, { footer: true })).text).toBe('');
  });

  it('have the preview text hidden at the head of the html only', async () => {
    const previewText = 'Hi {{{FIRST_NAME}}} & all';
    const page = async (text: string) =>
      (await rendered({ html: text, previewText })).html?.replace(/<div [^>]*>/, '<div>');
    expect(await page('<!DOCTYPE html><html><body class="x">News</body>')).toBe(
      '<!DOCTYPE html><html><body class="x"><div>Hi Ada &amp; all</div>News</body>',
    );
    expect(await page('<!doctype html>News')).toBe('<!doctype html><div>Hi Ada &amp; all</div>News');
    expect(await page('News')).toBe('<div>Hi Ada &amp; all</div>News');
    expect((await rendered({ html: 'News', previewText })).text).toBe('News');
  });
});
