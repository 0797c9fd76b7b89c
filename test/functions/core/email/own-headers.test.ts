import { describe, expect, it } from 'vitest';
import { parseEmail } from '../../../../functions/core/email/email.ts';

describe('asking for an unsubscribe link', () => {
  const email = (headers: Record<string, string>, more: object = {}) =>
    parseEmail({ from: 'me@example.com', to: 'a@example.com', subject: 's', text: 't', headers, ...more }, 0);

  it('is done by a custom header, which every SDK can set', async () => {
    expect((await email({ 'x-sendoff-unsubscribe': 'true' })).headers).toEqual({ 'x-sendoff-unsubscribe': 'true' });
  });

  it.each([
    ['needs one recipient', { 'X-Sendoff-Unsubscribe': 'true' }, { cc: 'b@example.com' }, /exactly one recipient/],
    [
      'excludes a link of the caller',
      { 'X-Sendoff-Unsubscribe': 'true', 'List-Unsubscribe': '<https://x.example/>' },
      {},
      /exclude each other/,
    ],
    ['is `true` or absent', { 'X-Sendoff-Unsubscribe': 'yes please' }, {}, /must be `true`/],
    ['is spelled right', { 'X-Sendoff-Unsubscrib': 'true' }, {}, /Did you mean `X-Sendoff-Unsubscribe`/],
  ])('%s', async (_rule, headers, more, message) => {
    await expect(email(headers as Record<string, string>, more)).rejects.toThrow(message);
  });
});
