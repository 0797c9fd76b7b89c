import { describe, expect, it } from 'vitest';
import { createApiClient } from '../../../helpers/api-client.ts';
import { plainEmail } from '../../../helpers/sending-simulation.ts';

const bytes = Buffer.from([0, 1, 2, 0xff, 0xfe, 0x0a]);
const UNKNOWN = '0a1b2c3d-0000-4000-8000-000000000000';

async function withFiles(...attachments: object[]) {
  const client = await createApiClient();
  const { body } = await client.ask('POST', '/emails', { ...plainEmail, attachments });
  const list = async () => (await client.ask('GET', `/emails/${body.id}/attachments`)).body;
  return { ...client, id: body.id as string, list };
}

describe('/emails/{id}/attachments', () => {
  it('lists the files of an email in their order, as Resend describes them', async () => {
    const { list } = await withFiles(
      { filename: 'notes.pdf', content: bytes.toString('base64') },
      { filename: 'logo', content: 'aGVsbG8', content_type: 'image/png', content_id: 'logo' },
      { path: 'https://files.example.com/terms.txt' },
    );
    const { object, has_more, data } = await list();
    expect([object, has_more]).toEqual(['list', false]);
    expect(data).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        filename: 'notes.pdf',
        size: 6,
        content_type: 'application/pdf',
        content_disposition: 'attachment',
        download_url: expect.stringMatching(/^http:\/\/api\.example\/attachments\//),
        expires_at: '2026-11-21T13:00:00.000Z',
      },
      expect.objectContaining({
        size: 5,
        content_type: 'image/png',
        content_disposition: 'inline',
        content_id: 'logo',
      }),
      expect.objectContaining({ size: 0, download_url: 'https://files.example.com/terms.txt' }),
    ]);
    expect(new Set(data.map(({ id }: { id: string }) => id)).size).toBe(3);
  });

  it('is empty for an email without files, and 404 for an unknown email', async () => {
    const { list, ask } = await withFiles();
    expect(await list()).toEqual({ object: 'list', has_more: false, data: [] });
    for (const path of [`/emails/${UNKNOWN}/attachments`, '/emails/x/attachments', `/emails/x/attachments/${UNKNOWN}`])
      expect(await ask('GET', path)).toMatchObject({ status: 404, body: { message: 'Email not found' } });
  });

  it('answers one file by its id', async () => {
    const { list, ask, id } = await withFiles({ content: 'aGVsbG8' }, { filename: 'b.txt', content: 'aGk=' });
    const [, second] = (await list()).data;
    expect((await ask('GET', `/emails/${id}/attachments/${second.id}`)).body).toEqual({
      object: 'attachment',
      ...second,
    });
    expect((await ask('GET', `/emails/${id}/attachments/${UNKNOWN}`)).status).toBe(404);
  });

  it('pages', async () => {
    const { ask, id, list } = await withFiles(...['a', 'b', 'c'].map((filename) => ({ filename, content: 'aGk=' })));
    const { data } = await list();
    const page = (await ask('GET', `/emails/${id}/attachments?limit=1&after=${data[0].id}`)).body;
    expect(page).toMatchObject({ has_more: true, data: [{ filename: 'b' }] });
  });

  it('refuses a key with sending_access', async () => {
    const { ask, id } = await withFiles({ content: 'aGk=' });
    const answer = await ask('GET', `/emails/${id}/attachments`, undefined, { authorization: 'Bearer so_sending' });
    expect(answer.status).toBe(401);
  });
});

describe('a download link', () => {
  const linked = async (filename?: string) => {
    const client = await withFiles({
      ...(filename === undefined ? {} : { filename }),
      content: bytes.toString('base64'),
    });
    const [{ download_url: url }] = (await client.list()).data;
    return { ...client, url: url as string };
  };

  it('answers the bytes without a key, as a download and never as a page', async () => {
    const { app, url } = await linked('Übersicht "1".html');
    const response = await app.request(url);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': "attachment; filename*=UTF-8''%C3%9Cbersicht%20%221%22.html",
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, no-store',
    });
  });

  it('gives a name to a file without one', async () => {
    const { app, url } = await linked();
    expect((await app.request(url)).headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''attachment");
  });

  it('works for an hour', async () => {
    const { app, url, clock } = await linked();
    clock.nowMs += 3_600_000 - 1;
    expect((await app.request(url)).status).toBe(200);
    clock.nowMs += 1;
    expect((await app.request(url)).status).toBe(404);
  });

  it('opens nothing else, whichever part of it is changed', async () => {
    const { app, url, id, ask } = await linked();
    const other = (await ask('POST', '/emails', { ...plainEmail, attachments: [{ content: 'c2VjcmV0' }] })).body.id;
    const [{ id: otherFile }] = (await ask('GET', `/emails/${other}/attachments`)).body.data;
    const changed = [
      url.replace(id, other),
      url.replace(/attachments\/.*\?/, `attachments/${other}/${otherFile}?`),
      url.replace(/expires=(\d+)/, (_, at) => `expires=${Number(at) + 1}`),
      url.replace(/expires=\d+/, 'expires=Infinity'),
      url.replace(/signature=./, 'signature='),
      url.replace(/&signature.*/, ''),
      url.replace(/\?.*/, ''),
    ];
    for (const one of changed) expect([one, (await app.request(one)).status]).toEqual([one, 404]);
  });

  it('says that a REST API cannot pass the bytes, instead of passing wrong ones', async () => {
    const { app, url } = await linked();
    const event = { path: '/attachments', requestContext: { path: '/prod/attachments' } };
    const response = await app.request(url, {}, { event });
    expect([response.status, await response.json()]).toEqual([
      406,
      { statusCode: 406, name: 'validation_error', message: expect.stringContaining('api=http') },
    ]);
  });

  it('stops working when its email is deleted', async () => {
    const { app, url, backend, id } = await linked();
    await backend.table.delete(`email#${id}`);
    expect((await app.request(url)).status).toBe(404);
  });
});
