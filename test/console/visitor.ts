import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';
import type { Deployment } from './deployment.ts';

/** Messages of the frame with an email are expected: its policy forbids what hostile emails try. */
const PREVIEW = /\/console\/preview\//;

/** One signed-in tab, shared by the tests of a file; anything the browser complains about fails the test. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Goes to a place of the console, such as `emails/ID?status=failed`, as an open page does: by its hash. */
  goTo(place: string): Promise<void>;
  /** Opens the page anew, at a place. */
  open(place: string): Promise<void>;
  /** Complaints that fit are expected in this test: answers that the test makes fail are logged by the browser. */
  expectComplaints(pattern: RegExp): void;
  /** Another tab of the same browser, signed out unless it has the state of a context; closed after the test. */
  newPage(options?: BrowserContextOptions): Promise<Page>;
  /** The state of a signed-in context: its cookie. */
  signedIn(): Promise<NonNullable<BrowserContextOptions['storageState']>>;
}

/** The first lines of the page's content. */
async function textOf(page: Page): Promise<string> {
  const text = await page.evaluate(() => document.querySelector('main')?.innerText ?? document.body.innerText);
  return text.split('\n').filter(Boolean).slice(0, 25).join('\n');
}

/** Opens the console for the tests of a file, in a window of 1,440 px. */
export function visiting(deployment: Deployment, isWanted: boolean): Visitor {
  const complaints: string[] = [];
  let expected: RegExp[] = [];
  let [browser, extra]: [Browser | undefined, BrowserContext[]] = [undefined, []];
  const visitor = {} as Visitor & { -readonly [K in keyof Visitor]: Visitor[K] };

  const watch = async (context: BrowserContext): Promise<Page> => {
    context.setDefaultTimeout(30_000);
    await context.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) => {
        console.error(`CSP violation: ${effectiveDirective} blocked ${blockedURI}`);
      }),
    );
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(`page error: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !PREVIEW.test(message.location().url))
        complaints.push(`console error: ${message.text()} (${message.location().url})`);
    });
    return page;
  };

  beforeAll(async () => {
    if (!isWanted) return;
    browser = await chromium.connect(inject('browser'));
    const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, timezoneId: 'Europe/Berlin' });
    const page = await watch(context);
    await page.goto(`${deployment.consoleUrl}#key=${deployment.apiKey}`);
    await page.getByRole('navigation').first().waitFor();
    const goTo = async (place: string) => {
      await page.evaluate((hash) => location.assign(hash), `#/${place}`);
    };
    Object.assign(visitor, {
      page,
      context,
      goTo,
      open: async (place: string) => {
        // A page that is there already would only change its hash.
        await page.goto('about:blank');
        await page.goto(`${deployment.consoleUrl}#/${place}`);
      },
      expectComplaints: (pattern: RegExp) => void expected.push(pattern),
      newPage: async (options: BrowserContextOptions = {}) => {
        const other = await (browser as Browser).newContext({ viewport: { width: 1_440, height: 900 }, ...options });
        extra.push(other);
        return watch(other);
      },
      signedIn: () => context.storageState(),
    });
  }, 120_000);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail' && visitor.page)
      process.stdout.write(`  ${task.name}: ${visitor.page.url()} showed:\n${await textOf(visitor.page)}\n`);
    for (const context of extra) await context.close();
    const unexpected = complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
    [extra, expected] = [[], []];
    complaints.length = 0;
    expect(unexpected).toEqual([]);
  });
  afterAll(() => browser?.close());
  return visitor;
}
