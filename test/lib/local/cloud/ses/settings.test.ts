import { describe, expect, it } from 'vitest';
import { startSes } from './ses-server.ts';

async function startSettings() {
  const { ses, inbox } = await startSes({ sendRatePerSecond: 14 });
  const request = async (method: string, body?: string, type = 'application/json') => {
    const init = body === undefined ? { method } : { method, body, headers: { 'content-type': type } };
    const answer = await fetch(`${inbox}/settings`, init);
    return { status: answer.status, body: await answer.json() };
  };
  return { ses, request };
}

describe('settings of a running SES', () => {
  it('are shown and changed one by one; null lifts one', async () => {
    const { request } = await startSettings();
    expect(await request('GET')).toEqual({ status: 200, body: { sendRatePerSecond: 14 } });
    const changed = await request('PATCH', '{"sendRatePerSecond":null,"sandbox":true,"clockAheadMs":86400000}');
    expect(changed).toEqual({ status: 200, body: { sandbox: true, clockAheadMs: 86_400_000 } });
  });

  it.each([
    ['{"sendRate":1}', 'There is no setting sendRate'],
    ['{"toString":1}', 'There is no setting toString'],
    ['{"sandbox":1}', 'The setting sandbox cannot be 1.'],
    ['{"maxSend24Hours":-1}', 'The setting maxSend24Hours cannot be -1.'],
    ['{"verifiedIdentities":"a@b.c"}', 'The setting verifiedIdentities cannot be "a@b.c".'],
    ['[]', 'Send an object'],
    ['{', 'The body is not JSON.'],
  ])('are not changed by %s', async (body, message) => {
    const { request } = await startSettings();
    const refused = await request('PATCH', body);
    expect(refused).toEqual({ status: 422, body: { message: expect.stringContaining(message) } });
    expect((await request('GET')).body).toEqual({ sendRatePerSecond: 14 });
  });

  it('are not taken from the form of another origin', async () => {
    const { request } = await startSettings();
    expect(await request('PATCH', '{"sandbox":true}', 'text/plain')).toMatchObject({ status: 415 });
  });
});
