import { describe, expect, it } from 'vitest';
import { checkLink } from '../../../../../../functions/console/pages/emails/content/link-check.ts';

const notesOf = (text: string, target: string) =>
  checkLink(text, target).notes.map(({ tone, text }) => `${tone}: ${text}`);

describe('a link of an email', () => {
  it.each([
    ['See your order', 'https://shop.example.com/1'],
    ['https://www.example.com/login', 'https://example.com/other'],
    ['example.com', 'https://click.example.com/x'],
    ['Write to us', 'mailto:help@example.com'],
    ['Call', 'tel:+49301234'],
    ['see file.txt', 'https://example.com/'],
    ['Next', 'https://example.com/?next=https%3A%2F%2Fwww.example.com%2F'],
  ])('is fine: %s → %s', (text, target) => expect(notesOf(text, target)).toEqual([]));

  it.each([
    ['https://www.mybank.com/login', 'https://evil.example/', 'bad: the text says www.mybank.com'],
    ['mybank.com', 'https://mybank.com.evil.example/', 'bad: the text says mybank.com'],
    ['Log in', 'https://mybank.com@evil.example/', 'bad: has a user name before the host: looks like another address'],
    ['Log in', 'https://192.0.2.1/x', 'bad: an IP address'],
    ['Log in', 'https://[2001:db8::1]/x', 'bad: an IP address'],
    ['Log in', 'https://аpple.com/', 'warn: letters of another script in the host'],
    ['Offer', 'http://example.com/', 'warn: not encrypted: http'],
    ['Offer', 'https://www.bit.ly/3abc', 'warn: a shortener hides where it leads'],
    ['Go', 'https://a.example/?u=https%3A%2F%2Fb.example%2Fx', 'calm: may lead on to b.example'],
    ['', 'https://example.com/', 'warn: no text: screen readers read the address'],
    ['Go', '', 'warn: leads nowhere'],
    ['Top', '#top', 'warn: leads nowhere'],
    ['Go', '/orders/1', 'bad: no address: without https:// it leads nowhere in an email'],
    ['Go', 'www.example.com', 'bad: no address: without https:// it leads nowhere in an email'],
    ['Go', 'javascript:alert(1)', 'bad: javascript: does not work in mail programs'],
    ['Unsubscribe', '{{{RESEND_UNSUBSCRIBE_URL}}}', 'bad: a placeholder that was not filled'],
    ['Go', 'https://example.com/{{ID}}', 'bad: a placeholder that was not filled'],
  ])('is marked: %s → %s', (text, target, note) => expect(notesOf(text, target)).toEqual([note]));
});
