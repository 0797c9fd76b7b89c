import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { insertEmails } from '../contents/many-emails.ts';
import { deployment, visitor } from '../running.ts';

const MANY = 100_000;
const PAGES_SHOWN = 20;
const SLOWDOWN = 4;
const BUDGET_BYTES = 80 * 1_024;

declare global {
  interface Window {
    longTasksMs: number[];
  }
}

const write = (line: string) => void process.stdout.write(`  ${line}\n`);

/** Counts what a page transfers until a row of the list stands there. */
async function measuredOpening(page: Page, slowdown: number) {
  const client = await page.context().newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  await client.send('Network.enable');
  let [bytes, requests] = [0, 0];
  client.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests++;
  });
  await page.goto(`${deployment.consoleUrl}#/emails`);
  const firstRowMs = await page
    .waitForFunction(() => document.querySelector('main [data-row]') && performance.now())
    .then((handle) => handle.jsonValue());
  await client.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  return { bytes, requests, firstRowMs: Number(firstRowMs) };
}

export function testSpeed(): void {
  it(`opens within ${BUDGET_BYTES / 1_024} KiB`, async () => {
    const storageState = await visitor.signedIn();
    for (const slowdown of [1, SLOWDOWN]) {
      const page = await visitor.newPage({ storageState });
      const { bytes, requests, firstRowMs } = await measuredOpening(page, slowdown);
      write(
        `CPU ${slowdown}x slower: ${(bytes / 1_024).toFixed(1)} KiB in ${requests} requests, first row after ${firstRowMs.toFixed(0)} ms`,
      );
      // The answers of the API are in it.
      expect(bytes).toBeLessThan(BUDGET_BYTES);
    }
  });

  it(`shows the list of ${MANY.toLocaleString('en')} emails without jank`, async () => {
    await insertEmails(deployment.table, MANY);
    const page = await visitor.newPage({ storageState: await visitor.signedIn() });
    await page.addInitScript(() => {
      window.longTasksMs = [];
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longTasksMs.push(duration);
      }).observe({ type: 'longtask', buffered: true });
    });
    await page.goto(`${deployment.consoleUrl}#/emails`);
    await page.locator('main [data-row]').first().waitFor();
    const openingMs = await longestTaskMs(page);
    for (let count = 1; count <= PAGES_SHOWN; count++) {
      await page
        .getByRole('button', { name: /more|older/i })
        .last()
        .click();
      await page.waitForLoadState('networkidle');
      await page.mouse.wheel(0, 5_000);
    }
    const rows = await page.locator('main [data-row]').count();
    const label = await page.locator('main [aria-rowcount]').first().getAttribute('aria-rowcount');
    write(
      `${MANY.toLocaleString('en')} emails: longest task ${openingMs.toFixed(0)} ms at the start, ${(await longestTaskMs(page)).toFixed(0)} ms in ${PAGES_SHOWN} more pages and scrolling; ${label} rows in the list, ${rows} in the document`,
    );
    expect(rows).toBeLessThan(500);
    // A status that few have is found without reading all of them.
    await page.goto(`${deployment.consoleUrl}#/emails?status=failed`);
    await page.locator('main [data-row]').first().waitFor();
  });
}

/** The longest task since the last call, in ms: 0 if none took 50. */
const longestTaskMs = (page: Page) => page.evaluate(() => Math.max(0, ...window.longTasksMs.splice(0)));
