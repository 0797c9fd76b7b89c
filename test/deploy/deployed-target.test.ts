import { describe, expect, it } from 'vitest';
import { subjectOf } from './deployed-target.ts';

const message = (subject: string) => ({
  raw: `From: me@example.com\r\nSubject: ${subject}\r\nTo: a@b.c\r\n\r\nSubject: body`,
});

describe('the subject of a caught message', () => {
  it.each([
    ['Hello', 'Hello'],
    ['=?UTF-8?B?R3LDvMOfZSDwn5GL?=', 'Grüße 👋'],
    ['=?UTF-8?Q?Gr=C3=BC=C3=9Fe_an?=', 'Grüße an'],
    ['=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?UTF-8?Q?_an?=', 'Grüße an'],
    ['a long one\r\n that is folded', 'a long one that is folded'],
  ])('%j is %j', (header, subject) => {
    expect(subjectOf(message(header))).toBe(subject);
  });
});
