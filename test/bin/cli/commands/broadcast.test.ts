import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { piecesOf, readRecipients } from '../../../../bin/cli/commands/broadcast/list-file.ts';
import { progressLine } from '../../../../bin/cli/commands/broadcast/watch.ts';
import { createSegment } from '../../../../functions/core/audience/segments.ts';
import { when } from '../../../../functions/core/broadcast/broadcast.ts';
import { addCounts } from '../../../../functions/core/broadcast/counting/progress.ts';
import { type Chunk, chunkKey } from '../../../../functions/core/broadcast/delivery/chunk.ts';
import { endBroadcast } from '../../../../functions/core/broadcast/lifecycle.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient, FULL_KEY } from '../../../helpers/api-client.ts';
import { serveApp } from '../../../helpers/served-app.ts';
import { cli, type Situation } from '../cli.ts';

const directory = mkdtempSync(join(tmpdir(), 'sendoff-broadcast-'));
let api: ApiClient;
let server: Awaited<ReturnType<typeof serveApp>>;
beforeEach(async () => {
  api = await createApiClient();
  server = await serveApp(api);
});
afterEach(() => server.close());

function file(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const broadcast = (args: readonly string[], situation: Situation = {}) =>
  cli(['broadcast', ...args], { ...situation, env: { SENDOFF_API_KEY: FULL_KEY, SENDOFF_API_URL: server.url } });
const html = () => file('news.html', '<p>Hello {{{first_name|there}}}</p>');
const sendArgs = (to: string, ...more: string[]) => [
  'send',
  '--to',
  to,
  '--html',
  html(),
  '--subject',
  'News',
  '--from',
  'news@example.com',
  '--yes',
  ...more,
];
const all = async () => (await api.ask('GET', '/broadcasts')).body.data;
const list = (count: number) =>
  `email,first_name\n${Array.from({ length: count }, (_, n) => `p${n}@example.org,P${n}\n`).join('')}`;

/** Counts the recipients of a broadcast as sent, and ends it. */
async function deliver(id: string, sent: number): Promise<void> {
  await addCounts(api.backend.table, id, { sent, recipientsDone: sent });
  const dependencies = { backend: api.backend, now: () => api.clock.nowMs, retentionMs: 86_400_000 };
  await endBroadcast(id, { status: 'sent', anyOf: when.cancel }, dependencies);
}

describe('sendoff broadcast send', () => {
  it('uploads a list, sends it, and shows the progress until it is sent', async () => {
    const lines: string[] = [];
    const progress = (line: string) => {
      lines.push(line);
      // The first look shows that it begins; then it is sent.
      if (lines.length === 2) void all().then(([{ id }]) => deliver(id, 120));
    };
    const { exitCode, out } = await broadcast(sendArgs(file('list.csv', list(120)), '--name', 'May'), { progress });
    expect([exitCode, lines[0]]).toEqual([0, 'uploading … 100 %']);
    expect(lines[1]).toContain('0 of 120 · begins');
    expect(out).toMatch(/name +May\nstatus +sent\nsubject +News\ntotal +120\nsent +120\n/);
    const [{ id }] = await all();
    const chunk = await api.backend.table.get<Chunk>(chunkKey(id, 0));
    expect(chunk?.recipients[1]).toEqual({ email: 'p1@example.org', variables: { first_name: 'P1' } });
  });

  it('goes on after an interruption of the upload, and sends once', async () => {
    const to = file('long.csv', list(25_000));
    const interrupted = new AbortController();
    const stopped = await broadcast(sendArgs(to, '--no-watch'), {
      interrupt: interrupted.signal,
      progress: () => interrupted.abort(),
    });
    expect(stopped).toMatchObject({ exitCode: 130, notes: expect.stringContaining('nothing was sent') });
    const [{ id }] = await all();
    expect((await api.ask('GET', `/broadcasts/${id}`)).body).toMatchObject({
      status: 'draft',
      list: { offset: 10_000 },
    });
    expect(await broadcast(sendArgs(to, '--no-watch'))).toMatchObject({ exitCode: 0 });
    const again = await broadcast(sendArgs(to, '--no-watch'));
    expect(again.notes).toContain('This list was given before: its broadcast is queued.');
    expect((await api.ask('GET', `/broadcasts/${id}`)).body).toMatchObject({
      status: 'queued',
      progress: { total: 25_000 },
    });
    expect([(await all()).length, api.backend.waiting().length]).toEqual([1, 1]);
  });

  it('leaves the broadcast running at Ctrl-C and says how to go on', async () => {
    const interrupted = new AbortController();
    const progress = (line: string) => line.includes('begins') && interrupted.abort();
    const { exitCode, notes } = await broadcast(sendArgs(file('c.csv', list(1))), {
      interrupt: interrupted.signal,
      progress,
    });
    expect(exitCode).toBe(130);
    const [{ id, status }] = await all();
    expect([status, notes]).toEqual(['queued', expect.stringContaining(`sendoff broadcast pause ${id}`)]);
  });

  it('tells wrong lines by number, without the address, and sends nothing', async () => {
    const to = file(
      'wrong.csv',
      'Email;Name\nada@example.org;Ada\nnobody;Bo\n;Cy\nADA@example.org;Ada\n"d@example.org;D\n',
    );
    const { exitCode, notes } = await broadcast(sendArgs(to));
    expect([exitCode, (await all()).length]).toEqual([2, 0]);
    expect(notes.split('\n').slice(0, 4)).toEqual([
      'line 3: It is not one address.',
      'line 4: It has no address.',
      'line 6: A quote is not closed, or is followed by other characters.',
      '1 line left out: the address is on an earlier line.',
    ]);
    expect(notes).not.toMatch(/nobody|ada@/i);
    expect(await broadcast(sendArgs(to, '--skip-invalid', '--no-watch'))).toMatchObject({ exitCode: 0 });
    const [{ id }] = await all();
    expect((await api.ask('GET', `/broadcasts/${id}`)).body.progress.total).toBe(1);
  });

  it('asks first', async () => {
    const args = sendArgs(file('ask.csv', list(3))).filter((one) => one !== '--yes');
    expect(await broadcast(args)).toMatchObject({ exitCode: 2, notes: expect.stringContaining('add --yes') });
    const { notes } = await broadcast([...args, '--no-watch'], { interactive: true, reply: 'n' });
    expect(notes).toContain('Send "News" from news@example.com to 3 recipients?');
    expect((await all()).map(({ status }: { status: string }) => status)).toEqual(['draft']);
  });

  it('takes a segment by name, and a template', async () => {
    const dependencies = { table: api.backend.table, now: () => api.clock.nowMs, newId };
    const { id: segmentId } = await createSegment('Customers', dependencies);
    await api.ask('POST', '/templates', {
      name: 'W',
      alias: 'welcome',
      from: 'w@example.com',
      subject: 'Hi',
      html: 'Hi',
    });
    await api.ask('POST', '/templates/welcome/publish');
    const args = ['send', '--segment', 'Customers', '--template', 'welcome', '--yes', '--at', 'in 1 hour'];
    const { exitCode, out } = await broadcast(args);
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/name +Customers\nstatus +scheduled\nsubject +Hi\n/)]);
    expect(await all()).toMatchObject([{ segment_id: segmentId, status: 'scheduled' }]);
    expect(await broadcast(['send', '--segment', 'None', '--template', 'welcome'])).toMatchObject({
      exitCode: 3,
      notes: 'sendoff: No segment is called None.',
    });
  });

  it.each([
    ['without recipients', ['send', '--html', 'x'], 'Give the recipients'],
    ['without content', ['send', '--segment', 'x'], 'There is nothing to send'],
    ['without a subject', ['send', '--segment', 'x', '--html', 'x', '--from', 'a@b.co'], 'Give --subject'],
    ['with a file that is not there', ['send', '--to', '/none.csv', '--html', 'x'], 'Cannot read /none.csv'],
  ])('is refused %s', async (_name, args, message) => {
    expect(await broadcast(args)).toMatchObject({ exitCode: 2, notes: expect.stringContaining(message) });
  });
});

describe('sendoff broadcast', () => {
  it('lists, shows, pauses, resumes, cancels and deletes', async () => {
    await broadcast(sendArgs(file('moves.csv', list(2)), '--no-watch'));
    const [{ id }] = await all();
    for (const [move, status] of [
      ['pause', 'paused'],
      ['resume', 'queued'],
      ['cancel', 'canceled'],
    ])
      expect((await broadcast([move ?? '', id])).out).toMatch(new RegExp(`status +${status}\n`));
    expect((await broadcast(['list'])).out).toMatch(new RegExp(`${id} +canceled .* moves.csv`));
    expect((await broadcast(['status', id, '--watch'])).out).toContain('canceled');
    expect(await broadcast(['delete', id])).toMatchObject({ exitCode: 1, notes: expect.stringContaining('403') });
    expect((await broadcast(['status', newId()])).exitCode).toBe(3);
  });
});

describe('a file of recipients', () => {
  it.each([
    [
      'a BOM and CRLF',
      '\ufeffemail,name\r\na@b.co,"A, ""B"""\r\n',
      [{ email: 'a@b.co', variables: { name: 'A, "B"' } }],
    ],
    [
      'another delimiter and names no key may have',
      'First name\tE-Mail\tEMAIL\nA\tx\ta@b.co\n',
      [{ email: 'a@b.co', variables: { First_name: 'A', E_Mail: 'x' } }],
    ],
    ['empty lines and cells', 'email,a,b\n\na@b.co,,1\n\n', [{ email: 'a@b.co', variables: { b: '1' } }]],
  ])('may have %s', (_name, content, recipients) => {
    expect(readRecipients(file('read.csv', content))).toEqual({ recipients, wrong: [], repeated: 0 });
  });

  it.each([
    ['Latin-1', Buffer.from('email,name\na@b.co,Jos\xe9\n', 'latin1'), 'not UTF-8'],
    ['no column email', 'name\nA\n', 'no column `email`'],
    ['two columns of one name', 'email,a b,a-b\n', 'two columns'],
    ['nothing', '', 'no column `email`'],
  ])('with %s is refused', (_name, content, message) => {
    expect(() => readRecipients(file('refused.csv', content))).toThrow(message);
  });

  it('has pieces of at most 10,000 recipients and 3.5 MB, the same each time', () => {
    const recipients = Array.from({ length: 12_000 }, (_, n) => ({ email: `p${n}@example.org`, variables: {} }));
    expect([...piecesOf(recipients)].map((piece) => [piece.offset, piece.recipients.length])).toEqual([
      [0, 10_000],
      [10_000, 2_000],
    ]);
    const long = recipients.slice(0, 20).map((one) => ({ ...one, variables: { a: 'x'.repeat(1_000_000) } }));
    expect([...piecesOf(long)].map(({ offset }) => offset)).toEqual([0, 3, 6, 9, 12, 15, 18]);
  });
});

describe('the progress line', () => {
  const progress = { total: 1_000, sent: 400, failed: 5, suppressed: 50, skipped: 45, bounced: 3, etaSeconds: 36 };

  it.each([
    ['queued', 13.9, '████████████░░░░░░░░░░░░ 500 of 1,000 · 14 a second · 36 s left · 3 bounced · 5 failed'],
    ['queued', undefined, '████████████░░░░░░░░░░░░ 500 of 1,000 · begins · 36 s left · 3 bounced · 5 failed'],
    ['paused', undefined, '████████████░░░░░░░░░░░░ 500 of 1,000 · paused · 3 bounced · 5 failed'],
  ])('of a %s broadcast at %s a second', (status, rate, line) => {
    expect(progressLine({ status, progress }, rate)).toBe(line);
  });
});
