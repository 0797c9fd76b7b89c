import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { places } from '../places.ts';
import { deployment, visitor } from '../running.ts';

/** `SCREENSHOTS=1` makes those of docs/console.md anew; otherwise they are in a folder that its line names. */
const folder = () => {
  if (process.env.SCREENSHOTS !== '1') return mkdtempSync(join(tmpdir(), 'sendoff-console-'));
  const docs = join(import.meta.dirname, '..', '..', '..', 'docs', 'console');
  mkdirSync(docs, { recursive: true });
  return docs;
};

export function testScreenshots(): void {
  it('makes a picture of each page in light and dark', async () => {
    const directory = folder();
    const { page } = visitor;
    await page.setViewportSize({ width: 1_000, height: 640 });
    for (const { name, route, shows, framed } of places) {
      await visitor.goTo(route(deployment));
      await page.getByRole('main').getByText(shows).first().waitFor();
      if (framed) await page.frameLocator('main iframe').first().getByText(framed).first().waitFor();
      await page.locator('main .placeholder').first().waitFor({ state: 'detached' });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(directory, `${name}-${colorScheme}.png`) });
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1_440, height: 900 });
    process.stdout.write(`  screenshots: ${directory}\n`);
  });
}
