import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import type { FetchFile } from '../../../../functions/adapters/mime/compose.ts';
import { SendoffError } from '../../../../functions/core/errors.ts';
import { compose } from './composing.ts';

describe('files', () => {
  const fetching =
    (contentType?: string): FetchFile =>
    async () => ({
      bytes: Buffer.from('fetched'),
      ...(contentType === undefined ? {} : { contentType }),
    });
  const attached = async (fields: Record<string, unknown>, contentType?: string) => {
    const { attachments } = await PostalMime.parse(await compose({ attachments: [fields] }, fetching(contentType)));
    const [{ filename = undefined, mimeType = undefined, content = '' } = {}] = attachments;
    return {
      filename,
      mimeType,
      text: typeof content === 'string' ? content : Buffer.from(new Uint8Array(content)).toString(),
    };
  };

  it.each([
    ['https://example.com/a/report.pdf?x=1#y', 'report.pdf'],
    ['https://example.com/%C3%BCber.pdf', 'über.pdf'],
    ['https://example.com/100%.pdf', '100%.pdf'],
    ['https://example.com/', 'attachment'],
    ['https://example.com', 'attachment'],
  ])('of %s gets the name %s', async (path, filename) => {
    expect(await attached({ path }, 'application/pdf')).toEqual({
      filename,
      mimeType: 'application/pdf',
      text: 'fetched',
    });
  });

  it.each([
    ['https://example.com/a%2Fb%5Cc.pdf', 'a_b_c.pdf'],
    ['https://example.com/a%00%0D%0Ab%7F%C2%85.pdf', 'a___b__.pdf'],
    [`https://example.com/${'n'.repeat(300)}.pdf`, `${'n'.repeat(251)}.pdf`],
    [`https://example.com/a${'%20'.repeat(90)}b`, 'a b'],
    ['https://example.com/%20%20', 'attachment'],
    ['https://example.com/%ED%A0%80.pdf', '%ED%A0%80.pdf'],
  ])('of %s gets a name that a caller could give: %s', async (path, filename) => {
    expect(await attached({ path }, 'application/pdf')).toMatchObject({ filename });
  });

  it('that is text is not shown inline because of its content id', async () => {
    const file = { filename: 'a.txt', content: 'aGk=', content_id: 'a', content_type: 'text/plain' };
    const { attachments, text } = await PostalMime.parse(await compose({ attachments: [file] }));
    expect(attachments).toMatchObject([{ filename: 'a.txt', contentId: '<a>', disposition: 'attachment' }]);
    expect(text?.trim()).toBe('Hello, Bob.');
  });

  it('has the name and the type of the caller rather than of the server', async () => {
    const fields = { path: 'https://example.com/a', filename: 'b.csv', content_type: 'text/csv' };
    expect(await attached(fields, 'text/html')).toMatchObject({ filename: 'b.csv', mimeType: 'text/csv' });
  });

  it.each(['multipart/mixed; boundary=x', 'nonsense', '', 'text/plain; name=é'])(
    'does not believe a server that says %j',
    async (type) => {
      const { mimeType, text } = await attached({ path: 'https://example.com/a.bin' }, type);
      expect(mimeType).toBe('application/octet-stream');
      expect(text).toBe('fetched');
    },
  );

  it('with a line break in the name of its URL does no harm', async () => {
    const raw = await compose(
      { attachments: [{ path: 'https://example.com/a%0D%0ABcc:%20x@evil.example' }] },
      fetching(),
    );
    expect(raw).not.toMatch(/^Bcc:/im);
  });

  it('that cannot be fetched rejects with the reason', async () => {
    const failure = new SendoffError('security_error', 451, 'no');
    const composing = compose({ attachments: [{ path: 'https://example.com/a' }] }, () => Promise.reject(failure));
    await expect(composing).rejects.toBe(failure);
  });

  it('may make the message as large as SES allows, not a byte larger', async () => {
    const most = 10_000_000;
    const sized =
      (bytes: number): FetchFile =>
      async () => ({ bytes: Buffer.alloc(bytes, 'x') });
    const fields = { attachments: [{ path: 'https://example.com/a', filename: 'a' }] };
    const overhead = (await compose(fields, sized(0))).length;
    // Base64 in lines of 76 characters and CRLF: 57 bytes become 78.
    const lines = Math.floor((most - overhead) / 78) - 1;
    const size = (bytes: number) => compose(fields, sized(bytes)).then((raw) => raw.length);
    let bytes = lines * 57;
    const below = await size(bytes);
    expect(below).toBeLessThanOrEqual(most);
    bytes += Math.ceil(((most - below) / 78) * 57) + 60;
    await expect(size(bytes)).rejects.toMatchObject({
      status: 422,
      code: 'validation_error',
      message: expect.stringMatching(/^The message has 100\d+ bytes; Amazon SES takes 10000000\.$/),
    });
  });

  it('are fetched a few at a time, in order, until the message is full', async () => {
    const attachments = Array.from({ length: 30 }, (_, n) => ({ path: `https://example.com/${n}` }));
    let [under, most, fetched] = [0, 0, 0];
    const slow: FetchFile = async (_url, maxBytes, _signal, onBytes) => {
      most = Math.max(most, ++under);
      fetched++;
      await new Promise(setImmediate);
      under--;
      if (maxBytes < 1_000_000) throw new SendoffError('invalid_attachment', 422, 'larger');
      onBytes?.(1_000_000);
      return { bytes: Buffer.alloc(1_000_000) };
    };
    await expect(compose({ attachments }, slow)).rejects.toMatchObject({ status: 422 });
    expect(most).toBe(4);
    expect(fetched).toBeLessThan(20);
    const named: FetchFile = async (url) => ({ bytes: Buffer.from(url) });
    const { attachments: files } = await PostalMime.parse(await compose({ attachments }, named));
    expect(files.map(({ filename }) => filename)).toEqual(attachments.map((_, n) => String(n)));
  });

  it('that are fetched side by side end as soon as they are too large together', async () => {
    const attachments = [1, 2, 3, 4].map((n) => ({ path: `https://example.com/${n}` }));
    let arrived = 0;
    const endless: FetchFile = async (_url, _maxBytes, signal, onBytes) => {
      for (;;) {
        await new Promise(setImmediate);
        signal.throwIfAborted();
        arrived += 1_000_000;
        onBytes?.(1_000_000);
      }
    };
    await expect(compose({ attachments }, endless)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining('larger than 10000000 bytes in all'),
    });
    expect(arrived).toBe(11_000_000);
  });

  it('is fetched with the largest size that it may have', async () => {
    let given = 0;
    await compose({ attachments: [{ path: 'https://example.com/a' }] }, async (_url, maxBytes) => {
      given = maxBytes;
      return { bytes: Buffer.from('') };
    });
    expect(given).toBe(10_000_000);
  });
});
