import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { startBrowserDemo } from '../../../bin/demo/browser/demonstrate.ts';
import type { Click } from '../../../bin/demo/browser/page/clicks.ts';
import { visitor } from '../running.ts';

const LATENCIES_MS = [100, 300, 500];
const CLICKS = 5;

declare global {
  interface Window {
    clicks: Click[];
  }
}

/** Clicks a button of the demo so often, and answers the median time to the painted answer. */
async function medianOf(page: Page, way: Click['way']): Promise<number> {
  const before = await page.evaluate(() => window.clicks.length);
  for (let count = 1; count <= CLICKS; count++) {
    await page.click(`[data-way=${way}]`);
    await page.waitForFunction((least) => window.clicks.length >= least, before + count);
  }
  const times = await page.evaluate((from) => window.clicks.slice(from).map(({ answerMs }) => answerMs), before);
  return times.toSorted((a, b) => a - b)[Math.floor(CLICKS / 2)] ?? 0;
}

export function testDemo(): void {
  it('compares sending inside the request with Sendoff, from click to painted answer', async () => {
    const demo = await startBrowserDemo();
    try {
      const page = await visitor.newPage();
      await page.goto(demo.url);
      for (const latencyMs of LATENCIES_MS) {
        await page.getByRole('slider').fill(String(latencyMs));
        const [inside, sendoff] = [await medianOf(page, 'inside'), await medianOf(page, 'sendoff')];
        process.stdout.write(
          `  mail server ${latencyMs} ms: from click to painted answer ${inside.toFixed(0)} ms inside the request, ${sendoff.toFixed(0)} ms with Sendoff (median of ${CLICKS})\n`,
        );
        // The mail server's time is in the one. It is not a limit for the other, whose machine may be busy.
        expect(inside).toBeGreaterThan(latencyMs);
      }
      const { steps } = (await page.evaluate(() => window.clicks)).findLast(({ way }) => way === 'sendoff') as Click;
      expect(steps.map(({ name }) => name)).toEqual(['request', 'queue', 'claim', 'ses', 'delivered']);
    } finally {
      await demo.close();
    }
  });
}
