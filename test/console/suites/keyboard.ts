import { expect, it } from 'vitest';
import { deployment, visitor } from '../running.ts';

const main = () => visitor.page.getByRole('main');
const press = async (...keys: readonly string[]) => {
  for (const key of keys) await visitor.page.keyboard.press(key);
};

/** Presses Tab until an element with this name has the focus; fails if that takes more than so many. */
async function tabTo(name: string, most = 60): Promise<void> {
  for (let count = 0; count < most; count++) {
    await press('Tab');
    const focused = await visitor.page.evaluate(() => {
      const { activeElement } = document;
      const label = activeElement instanceof HTMLInputElement ? activeElement.labels?.[0]?.textContent : undefined;
      return activeElement?.getAttribute('aria-label') ?? label ?? activeElement?.textContent ?? '';
    });
    if (focused.trim() === name) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}

export function testKeyboard(): void {
  it('goes to pages, through rows and to an email, and lists its keys, without a mouse', async () => {
    await visitor.open('now');
    await main().getByRole('heading', { name: 'Now' }).waitFor();
    await press('g', 'e');
    await main().getByText('Your order 1042').first().waitFor();
    await press('j', 'j', 'k', 'Enter');
    await main().getByRole('heading', { level: 1 }).waitFor();
    await visitor.page.waitForURL(/#\/emails\/[0-9a-f-]{36}/);
    await press('?');
    await visitor.page.getByRole('dialog').getByText('Next, previous row').waitFor();
    await press('Escape');
    await visitor.page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('keeps the focus where the viewer moved it right after closing a dialog', async () => {
    await press('?');
    await visitor.page.getByRole('dialog').getByText('Next, previous row').waitFor();
    // Both in one task: the event of the closed dialog comes after the key.
    await visitor.page.evaluate(() => {
      document.querySelector('dialog')?.close();
      dispatchEvent(new KeyboardEvent('keydown', { key: '/' }));
    });
    await visitor.page.locator('dialog').waitFor({ state: 'detached' });
    expect(await visitor.page.locator('#search:focus').count()).toBe(1);
    await press('Escape');
  });

  it('searches: an id leads to its record, an address to the emails to it', async () => {
    // The id of a run is sought among emails first.
    visitor.expectComplaints(/status of 404/);
    await press('/');
    await visitor.page.locator('#search:focus').waitFor();
    await visitor.page.keyboard.type(deployment.operations.succeeded);
    expect(await visitor.page.locator('#search').inputValue()).toBe(deployment.operations.succeeded);
    await press('Enter');
    // The keys of the page work again, also while the record is sought.
    expect(await visitor.page.locator('#search:focus').count()).toBe(0);
    await visitor.page.waitForURL(/#\/tasks\/runs\//);
    await main().getByText('report.monthly').first().waitFor();
    await press('/');
    await visitor.page.locator('#search:focus').waitFor();
    await visitor.page.keyboard.type('bob@example.org');
    await press('Enter');
    await main().getByText('Your trial ends tomorrow').first().waitFor();
  });

  it('suppresses an address by Tab, text and Enter, with a focus that can be seen', async () => {
    await visitor.open('suppressions');
    await main().getByText('left@example.org').first().waitFor();
    await tabTo('Add addresses');
    const outline = await visitor.page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement as Element);
      return outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth);
    });
    expect(outline).toBeGreaterThan(0);
    await press('Enter');
    await visitor.page.getByRole('dialog').waitFor();
    const isIn = (selector: string) => visitor.page.evaluate((s) => document.activeElement?.matches(s), selector);
    for (let count = 0; count < 5 && !(await isIn('textarea')); count++) await press('Tab');
    await visitor.page.keyboard.type('by-keyboard@example.org');
    for (let count = 0; count < 5 && !(await isIn('[type=submit]')); count++) await press('Tab');
    await press('Enter');
    await main().getByText('by-keyboard@example.org').first().waitFor();
  });
}
