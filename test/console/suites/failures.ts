import type { Route } from 'playwright-core';
import { expect, it } from 'vitest';
import { deployment, visitor } from '../running.ts';

const main = () => visitor.page.getByRole('main');
const emails = (url: URL) => url.pathname.endsWith('/emails');

/** Answers the list of emails in this way while something is done. */
async function withList(answer: (route: Route) => Promise<void>, work: () => Promise<void>): Promise<void> {
  await visitor.page.route(emails, answer);
  try {
    await work();
  } finally {
    await visitor.page.unrouteAll({ behavior: 'ignoreErrors' });
  }
}

const failing =
  (status: number, message: string, headers: Record<string, string> = {}) =>
  (route: Route) =>
    route.fulfill({
      status,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ statusCode: status, name: 'application_error', message }),
    });

export function testFailures(): void {
  it('says that the API failed, keeps the page, and recovers when it is asked again', async () => {
    visitor.expectComplaints(/status of 500/);
    await withList(failing(500, 'Something broke'), async () => {
      await visitor.open('emails');
      await main()
        .getByText(/The API failed \(500\)/)
        .first()
        .waitFor();
    });
    await main().getByRole('button', { name: 'Try again' }).first().click();
    await main().getByText('Your order 1042').first().waitFor();
  });

  it('says when to try again after 429', async () => {
    visitor.expectComplaints(/status of 429/);
    await withList(failing(429, 'Too many requests', { 'retry-after': '7' }), async () => {
      await visitor.open('emails');
      await main()
        .getByText(/Too many requests.*7 s/)
        .first()
        .waitFor();
    });
  });

  it('shows placeholders that keep the place while the API is slow', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await withList(
      async (route) => {
        await released;
        await route.continue();
      },
      async () => {
        await visitor.open('emails');
        await main().locator('.placeholder').first().waitFor();
        const head = async () => (await main().locator('thead').first().boundingBox())?.y;
        const before = await head();
        release();
        await main().getByText('Your order 1042').first().waitFor();
        expect(await head()).toBe(before);
      },
    );
  });

  it('leaves the viewer where they went while an action waited for its answer', async () => {
    const { page } = visitor;
    const { promise: left, resolve: release } = Promise.withResolvers<void>();
    await visitor.goTo(`emails/${deployment.emails.delivered}`);
    await main().getByRole('button', { name: 'Send again' }).click();
    await page.route('**/send-again', async (route) => {
      await left;
      await route.continue();
    });
    const answered = page.waitForResponse('**/send-again');
    await page.getByRole('dialog').getByRole('button', { name: 'Send again', exact: true }).click();
    await visitor.goTo('suppressions');
    await main().getByText('left@example.org').first().waitFor();
    release();
    await (await answered).finished();
    await page.getByText('The copy was accepted.').waitFor();
    expect(page.url()).toContain('#/suppressions');
    await page.unrouteAll();
  });

  it('asks for a key when the session has expired, and goes on where it was', async () => {
    visitor.expectComplaints(/status of 40[13]/);
    await visitor.goTo('suppressions');
    await main().getByText('left@example.org').first().waitFor();
    await visitor.context.clearCookies();
    await visitor.goTo('webhooks');
    await visitor.page.getByLabel('API key', { exact: true }).fill(deployment.apiKey);
    await visitor.page.getByRole('button', { name: 'Sign in' }).click();
    await main().getByText('/hooks').first().waitFor();
    expect(visitor.page.url()).toContain('#/webhooks');
  });

  it('ends the session of a key that is revoked, and shows a key that may only read no buttons', async () => {
    // A request of the function that is killed below fails.
    visitor.expectComplaints(/status of (40[13]|500)/);
    const made = await deployment.request('POST', '/api-keys', { name: 'Reader', permission: 'read_access' });
    const page = await visitor.newPage();
    await page.goto(`${deployment.consoleUrl}#key=${made.json.token}`);
    await page.getByRole('navigation').first().waitFor();
    expect(page.url()).not.toContain('key=');
    await page.goto(`${deployment.consoleUrl}#/suppressions`);
    await page.getByText('left@example.org').first().waitFor();
    expect(await page.getByRole('button', { name: 'Add addresses' }).count()).toBe(0);
    await deployment.request('DELETE', `/api-keys/${made.json.id}`);
    // A function keeps a key for a minute: new ones have none.
    deployment.cloud.function('ApiFunction').kill();
    await page.reload();
    await page.getByLabel('API key', { exact: true }).waitFor();
  });

  it('refuses a wrong key, in words', async () => {
    visitor.expectComplaints(/status of 40[13]/);
    const page = await visitor.newPage();
    await page.goto(deployment.consoleUrl);
    await page.getByLabel('API key', { exact: true }).fill('re_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(/API key is invalid/).waitFor();
  });
}
