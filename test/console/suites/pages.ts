import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { places } from '../places.ts';
import { deployment, visitor } from '../running.ts';

declare global {
  interface Window {
    axe: typeof axe;
  }
}

/** Shows a page, and waits for its contents. */
async function show({ route, shows }: (typeof places)[number]): Promise<Page> {
  const { page } = visitor;
  await visitor.goTo(route(deployment));
  await page.getByRole('main').getByText(shows).first().waitFor();
  return page;
}

/** The violations that axe finds, a line for each. The frame of an email has content of others. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run(document, { iframes: false, resultTypes: ['violations'] }));
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** How far the page can be scrolled to the right, in px. */
const scrolledBy = (page: Page) =>
  page.evaluate(() => {
    scrollTo(10_000, 0);
    return scrollX;
  });

export function testPages(): void {
  describe.each(places)('the page of $name', (place) => {
    it('shows its contents, at 1,440 px without scrolling sideways, and axe finds nothing in light and dark', async () => {
      const page = await show(place);
      expect(await scrolledBy(page)).toBe(0);
      expect(await violations(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await violations(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'light' });
    });

    it('fits into 360 px', async () => {
      await visitor.page.setViewportSize({ width: 360, height: 800 });
      try {
        const page = await show(place);
        expect(await scrolledBy(page)).toBe(0);
        expect(await violations(page)).toEqual([]);
      } finally {
        await visitor.page.setViewportSize({ width: 1_440, height: 900 });
      }
    });
  });
}
