import { describe, expect, it } from 'vitest';
import { localCli } from '../cli.ts';

describe('sendoff keys', () => {
  const local = localCli();
  const ask = (token: string, path: string) =>
    fetch(local.cloud.apiUrl + path, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);

  it('creates a key whose token alone is on standard output, and which the API takes', async () => {
    const { exitCode, out, notes } = await local.sendoff('keys create my-app');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^re_[\w-]{43}$/);
    expect(notes).toContain('my-app');
    expect(notes).not.toContain(out);
    expect(await ask(out, '/emails')).toBe(200);
  });

  it('creates a key that may only send', async () => {
    const { out } = await local.sendoff('keys create sender --permission sending_access --json');
    expect(JSON.parse(out)).toMatchObject({ name: 'sender', permission: 'sending_access' });
    expect(await ask(JSON.parse(out).token, '/emails')).toBe(401);
  });

  it('lists keys without anything of their tokens', async () => {
    const { out: token } = await local.sendoff('keys create listed');
    const { out } = await local.sendoff('keys list');
    expect(out).toMatch(/^ID +NAME +PERMISSION +CREATED +LAST USED\n/);
    expect(out).toMatch(/^[0-9a-f-]{36} {2}listed +full_access +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +never$/m);
    expect(out).not.toContain(token.slice(3, 12));
    const keys = JSON.parse((await local.sendoff('keys list --json')).out);
    expect(keys.find(({ name }: { name: string }) => name === 'listed')).toEqual({
      id: expect.any(String),
      name: 'listed',
      permission: 'full_access',
      domain: null,
      created_at: expect.stringMatching(/Z$/),
      last_used_at: null,
    });
  });

  it('revokes a key by its id and by a name only one key has', async () => {
    const { id, token } = JSON.parse((await local.sendoff('keys create doomed --json')).out);
    expect(await local.sendoff(`keys revoke ${id}`)).toMatchObject({ exitCode: 0, out: expect.stringContaining(id) });
    expect(await ask(token, '/emails')).toBe(403);
    await local.sendoff('keys create by-name');
    expect((await local.sendoff('keys revoke by-name')).exitCode).toBe(0);
    expect((await local.sendoff('keys list')).out).not.toContain('by-name');
  });

  it('creates a key of one domain, which may only send, and shows it in the list', async () => {
    const { out } = await local.sendoff('keys create shop --domain Example.com --json');
    expect(JSON.parse(out)).toMatchObject({ permission: 'sending_access', domain: 'example.com' });
    const post = (from: string) =>
      fetch(`${local.cloud.apiUrl}/emails`, {
        method: 'POST',
        headers: { authorization: `Bearer ${JSON.parse(out).token}` },
        body: JSON.stringify({ from, to: 'success@simulator.amazonses.com', subject: 'Hello', text: 'Hello' }),
      }).then(({ status }) => status);
    expect([await post('a@example.com'), await post('a@example.org')]).toEqual([200, 403]);
    expect((await local.sendoff('keys list')).out).toMatch(/shop +sending_access from example\.com /);
    for (const wrong of ['example', 'a@example.com', 'example.com --permission full_access'])
      expect((await local.sendoff(`keys create wrong --domain ${wrong}`)).exitCode).toBe(2);
  });

  it('revokes the last key with full access by force alone', async () => {
    for (const { id, permission } of JSON.parse((await local.sendoff('keys list --json')).out))
      if (permission === 'full_access') await local.sendoff(`keys revoke ${id}`);
    const left = JSON.parse((await local.sendoff('keys list --json')).out);
    const full = left.filter(({ permission }: { permission: string }) => permission === 'full_access');
    expect(full).toHaveLength(1);
    expect(await local.sendoff(`keys revoke ${full[0].id}`)).toMatchObject({
      exitCode: 2,
      notes: expect.stringContaining(`sendoff keys revoke ${full[0].id} --force`),
    });
    expect((await local.sendoff(`keys revoke ${full[0].id} --force`)).exitCode).toBe(0);
  });

  it('revokes none when several keys have the name', async () => {
    await local.sendoff('keys create twin');
    await local.sendoff('keys create twin');
    const { exitCode, notes } = await local.sendoff('keys revoke twin');
    expect(exitCode).toBe(2);
    expect(notes).toMatch(/^sendoff: 2 API keys are named twin\. Give the id: [0-9a-f-]{36}, [0-9a-f-]{36}$/);
    expect((await local.sendoff('keys list')).out.match(/twin/g)).toHaveLength(2);
  });

  it('says so when there is no such key', async () => {
    expect(await local.sendoff('keys revoke nobody')).toEqual({
      exitCode: 3,
      out: '',
      notes: 'sendoff: No API key has the id or name nobody. See: sendoff keys list',
    });
  });

  it('refuses a name of more than 50 characters', async () => {
    expect((await local.sendoff(`keys create ${'n'.repeat(50)}`)).exitCode).toBe(0);
    expect(await local.sendoff(`keys create ${'n'.repeat(51)}`)).toMatchObject({
      exitCode: 2,
      notes: 'sendoff: Invalid `name` field: it must have at most 50 characters.',
    });
  });
});
