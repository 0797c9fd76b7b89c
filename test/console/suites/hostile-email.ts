import { expect, it } from 'vitest';
import { TRACKER } from '../contents/hostile-email.ts';
import { deployment, visitor } from '../running.ts';

/** Frames within the email, which its policy forbids. */
const IN_FRAME = /about:srcdoc|Framing 'https:\/\/tracker\.invalid/;

/** Lets the browser do what it would do: two rounds with the API, in which a request of the email would have begun. */
async function settled(): Promise<void> {
  for (let round = 0; round < 2; round++)
    await visitor.page.evaluate(() => fetch('console').then((answer) => answer.text()));
}

export function testHostileEmail(): void {
  it('an email full of scripts, styles, forms and trackers does nothing: no request leaves', async () => {
    const { page } = visitor;
    visitor.expectComplaints(IN_FRAME);
    const left: string[] = [];
    await page.route(
      (url) => url.origin !== new URL(deployment.consoleUrl).origin,
      (route) => {
        left.push(route.request().url());
        return route.abort();
      },
    );
    // A form that was sent, or a script that called the API, would make one.
    const posted: string[] = [];
    page.on('request', (request) => request.method() !== 'GET' && posted.push(request.url()));
    await visitor.open(`emails/${deployment.emails.hostile}`);
    const frame = page.frameLocator('main iframe');
    await frame.getByText('You have won').waitFor();
    // Clicks reach the email; they must lead nowhere. The cover that it has over everything is its own.
    await frame.getByRole('button', { name: 'Sign in' }).click({ force: true });
    await frame.getByText('or this').click({ force: true });
    await frame.getByText('Take it').click({ force: true });
    await settled();
    expect({ left, posted }).toEqual({ left: [], posted: [] });
    expect(await page.evaluate(() => 'hostile' in window)).toBe(false);
    expect(await page.title()).not.toContain('owned');
    expect(page.url()).toContain(`/console#/emails/${deployment.emails.hostile}`);
    await page.getByRole('heading', { name: 'You have won' }).waitFor();
    await page.unrouteAll();
  });

  it('loads the images of an email, and nothing else, when the viewer asks for them', async () => {
    const { page } = visitor;
    const left = new Set<string>();
    await page.route(`${TRACKER}/**`, (route) => {
      left.add(`${route.request().resourceType()} ${new URL(route.request().url()).pathname}`);
      return route.abort();
    });
    // The images fail here, which the browser logs for the frame.
    visitor.expectComplaints(/tracker\.invalid|about:srcdoc/);
    await page.getByRole('checkbox', { name: /Load images/ }).check();
    await page.frameLocator('main iframe').getByText('You have won').waitFor();
    await settled();
    expect([...left].filter((one) => !one.startsWith('image '))).toEqual([]);
    expect([...left]).toContain('image /open.gif');
    await page.unrouteAll();
  });
}
