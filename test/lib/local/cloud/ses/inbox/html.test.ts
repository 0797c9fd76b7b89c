import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { mailHtml } from '../../../../../../lib/local/cloud/ses/inbox/html.ts';

const htmlOf = async (html: string) => mailHtml(await PostalMime.parse(`Content-Type: text/html\r\n\r\n${html}`));

describe('mailHtml', () => {
  it.each([
    ['behind <head>', '<html><head lang="de"><p>', '<html><head lang="de"><base target="_blank"><p>'],
    ['behind the doctype', '<!DOCTYPE html><p>', '<!DOCTYPE html><base target="_blank"><p>'],
    ['before a fragment, <header> is no <head>', '<header>x', '<base target="_blank"><header>x'],
  ])('puts the link target %s', async (_place, given, expected) => {
    expect((await htmlOf(given))?.trim()).toBe(expected);
  });

  it('leaves a reference to a missing image alone, and one that is not decodable', async () => {
    expect(await htmlOf('<img src="cid:gone"><img src="cid:100%">')).toContain(
      '<img src="cid:gone"><img src="cid:100%">',
    );
  });

  it('is undefined for a mail without an HTML part', async () => {
    expect(mailHtml(await PostalMime.parse('Content-Type: text/plain\r\n\r\nhi'))).toBeUndefined();
  });
});
