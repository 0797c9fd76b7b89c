import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findTarget } from '../../../functions/console/find-target.ts';
import { json, pageWithoutBrowser } from './polled-answers.ts';

const ID = '6a1f8a2e-7c53-4d8c-9a55-0f9f3cf3a0aa';

describe('a search', () => {
  let page: ReturnType<typeof pageWithoutBrowser>;
  beforeEach(() => {
    page = pageWithoutBrowser();
  });
  afterEach(() => vi.unstubAllGlobals());

  it('for an id leads to its record, of whatever kind', async () => {
    page.fetched.mockImplementation(async (url) =>
      url.includes('/broadcasts/') ? json({ id: ID }) : json({ name: 'not_found', message: 'no' }, { status: 404 }),
    );
    expect(await findTarget(` ${ID} `)).toBe(`#/broadcasts/${ID}`);
  });

  it('for an address leads to the emails to it', async () => {
    expect(await findTarget('a+b@example.com')).toBe('#/emails?to=a%2Bb%40example.com');
  });

  it('for a text filters the list of the page, or the emails by subject', async () => {
    expect(await findTarget('order', { text: (name) => `#/templates?name=${name}` })).toBe('#/templates?name=order');
    expect(await findTarget('order')).toBe('#/emails?subject=order');
    expect(page.fetched).not.toHaveBeenCalled();
  });

  it('for an id that no record has leads nowhere', async () => {
    page.fetched.mockImplementation(async () => json({ name: 'not_found', message: 'no' }, { status: 404 }));
    expect(await findTarget(ID)).toBeUndefined();
  });

  it('fails with the error of the API instead of saying that there is nothing', async () => {
    page.fetched.mockImplementation(async () => json({ name: 'application_error', message: 'no' }, { status: 500 }));
    await expect(findTarget(ID)).rejects.toMatchObject({ status: 500 });
  });
});
