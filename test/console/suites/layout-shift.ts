import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type Place, places } from '../places.ts';
import { deployment, visitor } from '../running.ts';

/** The limit of web.dev for a good page. */
const MOST = 0.1;

declare global {
  interface Window {
    shifts: { value: number; moved: string[] }[];
  }
  interface PerformanceEntry {
    readonly value: number;
    readonly sources: readonly { readonly node: Node | null }[];
  }
}

/** Sums up the moves of what stands on the page already, from its first moment on. */
async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries()) {
        const moved = sources.map(({ node }) => (node?.parentElement?.closest('[class]') as Element)?.className ?? '');
        window.shifts.push({ value, moved });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

/** Records that have no picture of their own. */
const others: readonly Place[] = [
  { name: 'draft', route: ({ massMail }) => `broadcasts/${massMail.draft}`, shows: 'To the segment' },
  { name: 'contact', route: ({ audience }) => `audience/contacts/${audience.contact}`, shows: 'Ada Lovelace' },
  { name: 'segment', route: ({ audience }) => `audience/segments/${audience.segment}`, shows: 'ada@example.org' },
  { name: 'task', route: () => 'tasks/report.monthly', shows: 'Schema of the arguments' },
];

const painted = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/** Lets no answer of the API come before the page without it was painted: only then there is something to be moved. */
const holdAnswers = (page: Page) =>
  page.route(
    (url) => !url.pathname.includes('/console'),
    async (route) => {
      await painted(page).catch(() => {});
      await route.continue();
    },
  );

export function testLayoutShift(): void {
  it.each([1_440, 360])('moves little while a page loads, at %i px', async (width) => {
    const page = await visitor.newPage({
      storageState: await visitor.signedIn(),
      viewport: { width, height: 900 },
    });
    await watchShifts(page);
    await holdAnswers(page);
    const found: string[] = [];
    const tooHigh: string[] = [];
    for (const { name, route, shows, framed } of [...places, ...others]) {
      await page.goto('about:blank');
      await page.goto(`${deployment.consoleUrl}#/${route(deployment)}`);
      await page.getByRole('main').getByText(shows).first().waitFor();
      if (framed) await page.frameLocator('main iframe').first().getByText(framed).first().waitFor();
      await page.locator('main .placeholder').first().waitFor({ state: 'detached' });
      await painted(page);
      const shifts = await page.evaluate(() => window.shifts);
      const sum = shifts.reduce((total, { value }) => total + value, 0);
      found.push(`${name} ${sum.toFixed(3)}`);
      if (sum > MOST) tooHigh.push(`${name}: ${JSON.stringify(shifts)}`);
    }
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    process.stdout.write(`  cumulative layout shift at ${width} px: ${found.join(', ')}\n`);
    expect(tooHigh).toEqual([]);
  });
}
