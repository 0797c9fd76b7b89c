import { expect, it } from 'vitest';
import { decodeWords, headersOf } from '../../../../../../functions/console/pages/emails/content/headers.ts';

it('reads the headers of a message, unfolded and decoded, and nothing of its body', () => {
  const message =
    'From: a@b.c\r\nSubject: =?UTF-8?Q?gr=C3=BC=C3?=\r\n =?UTF-8?B?4oCm?= x\r\nX-A: one\r\n\ttwo\r\n\r\nNot: a header\r\n';
  expect(headersOf(message.replace('=C3?=', '=C3=9F?='))).toEqual([
    { name: 'From', value: 'a@b.c' },
    { name: 'Subject', value: 'grüß… x' },
    { name: 'X-A', value: 'one two' },
  ]);
  expect(headersOf('')).toEqual([]);
});

it.each(['=?UTF-8?B?%%%?=', '=?no-such-charset?Q?x?=', '=?UTF-8?X?x?=', '=?'])('leaves %s as it is', (word) =>
  expect(decodeWords(word)).toBe(word),
);
