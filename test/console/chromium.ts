import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser listens; empty if there is none. */
    browser: string;
  }
}

/** Debian's, and where others install it; `CHROMIUM` names another one. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The program of the browser; undefined if none is installed. */
export const chromiumProgram = (): string | undefined =>
  [process.env.CHROMIUM ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));

/** Starts one browser for all tests of the console. */
export default async function startChromium(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const executablePath = chromiumProgram();
  if (!executablePath) {
    process.stderr.write(
      `SKIPPED: the console's tests need a browser, and none of these is there: ${PLACES.join(', ')}. ` +
        'On Debian: apt-get install chromium. Elsewhere: set CHROMIUM to the program of a Chromium or Chrome.\n',
    );
    project.provide('browser', '');
    return undefined;
  }
  const server = await chromium.launchServer({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  project.provide('browser', server.wsEndpoint());
  return () => server.close();
}
