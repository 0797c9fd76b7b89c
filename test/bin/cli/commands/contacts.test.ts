import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { localCli } from '../cli.ts';

const local = localCli();
const directory = mkdtempSync(join(tmpdir(), 'contacts-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = (name: string) => join(directory, name);

// biome-ignore lint/suspicious/noExplicitAny: what the API answers is what the tests are about.
const ask = async (method: string, route: string, body?: unknown): Promise<any> => {
  const response = await fetch(`${local.cloud.outputs.ApiUrl}${route}`, {
    method,
    headers: { authorization: `Bearer ${local.apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
};

describe('sendoff contacts', () => {
  it('imports a file with columns of its own into a segment, and tells what is wrong by line', async () => {
    const { id } = await ask('POST', '/segments', { name: 'People' });
    writeFileSync(
      path('people.csv'),
      '\ufeffE-Mail;Vorname;Points\r\n"ada@example.org";"Ada ""A;da""";7\r\nnobody;Nobody;1\r\nbob@example.org;=Bob;\r\nada@example.org;;9\r\n',
    );
    const options = '--segment People --column email=E-Mail --column first_name=Vorname --column points:number=Points';
    const done = await local.sendoff(`--json contacts import ${path('people.csv')} ${options}`);
    expect([done.exitCode, done.notes]).toEqual([0, '']);
    expect(JSON.parse(done.out)).toMatchObject({
      counts: { total: 4, created: 2, updated: 0, skipped: 1, failed: 1 },
      errors: [
        { line: 3, reason: 'Invalid email address. It is not one address.' },
        { line: 5, reason: 'Line 2 has the same address; this row was skipped.' },
      ],
    });
    const again = await local.sendoff(`contacts import ${path('people.csv')} ${options}`);
    expect(again.out).toMatch(/^total +4\ncreated +2$/m);
    expect(again.notes).toContain('line 3: Invalid email address');
    expect(again.notes).toContain('was imported before');
    expect((await ask('GET', `/segments/${id}/contacts`)).data).toHaveLength(2);
  });

  it('exports what it imported, and lists it', async () => {
    const exported = await local.sendoff('contacts export --segment People');
    expect(exported.out.split('\r\n')).toEqual(
      expect.arrayContaining([
        'email,first_name,last_name,unsubscribed,points,created_at',
        expect.stringMatching(/^ada@example\.org,"Ada ""A;da""",,false,7,2/),
        expect.stringMatching(/^bob@example\.org,'=Bob,,false,,2/),
      ]),
    );
    const all = await local.sendoff('contacts export --format jsonl');
    expect(all.out.split('\n').map((line) => JSON.parse(line).first_name)).toEqual(
      expect.arrayContaining(['Ada "A;da"', '=Bob']),
    );
    expect((await local.sendoff('contacts list')).out).toMatch(/ada@example\.org +Ada/);
    expect(JSON.parse((await local.sendoff('--json contacts list --segment People --max 1')).out)).toHaveLength(1);
    expect(await local.sendoff('contacts list --segment Nobody')).toMatchObject({ exitCode: 3 });
  });

  it('goes on where it was stopped, in a file of several pieces', async () => {
    writeFileSync(path('large.csv'), 'email,first_name,note\n');
    const note = 'x'.repeat(40_000);
    for (let part = 0; part < 25; part++)
      appendFileSync(
        path('large.csv'),
        Array.from({ length: 10 }, (_, row) => `p${part}-${row}@example.net,P,${note}\n`).join(''),
      );
    appendFileSync(path('large.csv'), 'wrong,,\n');
    const interrupted = new AbortController();
    const seen: string[] = [];
    const progress = (line: string) => {
      seen.push(line);
      // In the second of the three pieces, or in the third if the second is done by then.
      if (Number(/(\d+) %/.exec(line)?.[1]) > 38) interrupted.abort();
    };
    const stopped = await local.sendoff(`contacts import ${path('large.csv')}`, {
      interrupt: interrupted.signal,
      progress,
    });
    expect([stopped.exitCode, stopped.notes]).toEqual([130, expect.stringContaining('go on where it stopped')]);
    const { data: before } = await ask('GET', '/contacts/imports');
    const done = await local.sendoff(`--json contacts import ${path('large.csv')}`);
    const { imports, counts, errors } = JSON.parse(done.out);
    expect(counts).toEqual({ total: 251, created: 250, updated: 0, skipped: 0, failed: 1 });
    expect(errors).toEqual([{ line: 252, reason: 'Invalid email address. It is not one address.' }]);
    expect(imports).toHaveLength(3);
    // The pieces of the first run were not imported again.
    const begun = before.map(({ id }: { id: string }) => id).reverse();
    expect(begun.slice(1)).toEqual(imports.slice(0, begun.length - 1));
    expect(begun.length).toBeGreaterThan(2);
    expect(seen.length).toBeGreaterThan(1);
  });

  it('refuses what it cannot read, and says why', async () => {
    writeFileSync(path('latin1.csv'), Buffer.from('email,n\na@example.org,J\xfcrg\n', 'latin1'));
    writeFileSync(path('columns.csv'), 'Email\na@example.org\n');
    const refused = async (args: string) => {
      const { exitCode, notes } = await local.sendoff(`contacts import ${args}`);
      return [exitCode, notes];
    };
    expect(await refused(path('none.csv'))).toEqual([2, expect.stringContaining('Cannot read')]);
    expect(await refused(path('latin1.csv'))).toEqual([2, expect.stringContaining('line 2')]);
    expect(await refused(path('columns.csv'))).toEqual([
      2,
      expect.stringContaining('CSV missing required email column'),
    ]);
    expect(await refused(`${path('people.csv')} --segment None`)).toEqual([3, expect.stringContaining('None')]);
    expect(await refused(`${path('people.csv')} --column email`)).toEqual([2, expect.stringContaining('FIELD=COLUMN')]);
  });

  it('sends pieces that API Gateway and Lambda let through; a larger request is refused by them', async () => {
    const post = async (bytes: number) => {
      const form = new FormData();
      form.append('file', new Blob([`email,note\nbig${bytes}@example.org,x\n`.padEnd(bytes, '\n')]));
      const headers = { authorization: `Bearer ${local.apiKey}` };
      const response = await fetch(`${local.cloud.outputs.ApiUrl}/contacts/imports`, {
        method: 'POST',
        headers,
        body: form,
      });
      return { status: response.status, body: await response.json() };
    };
    expect(await post(4 * 1024 * 1024)).toMatchObject({ status: 201 });
    expect(await post(4 * 1024 * 1024 + 1)).toMatchObject({
      status: 413,
      body: { message: expect.stringContaining('sendoff contacts import FILE') },
    });
    expect(await post(5 * 1024 * 1024)).toMatchObject({ status: 413, body: { message: 'Request Entity Too Large' } });
    expect(await post(50 * 1024 * 1024)).toMatchObject({ status: 413 });
  });
});
