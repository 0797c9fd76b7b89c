import { expect, it } from 'vitest';
import { deployment, visitor } from '../running.ts';
import { until } from '../until.ts';

const main = () => visitor.page.getByRole('main');
const button = (name: string | RegExp) => main().getByRole('button', { name }).first();
const dialog = () => visitor.page.getByRole('dialog');
const submit = (name: string) => dialog().getByRole('button', { name, exact: true }).click();

/** One journey a page: what an operator goes there for. */
export function testJourneys(): void {
  it('sends a test email, shows it live until it is delivered, and sends it again', async () => {
    await visitor.goTo('emails');
    await button('Send a test email').click();
    await dialog().getByLabel('From').fill('shop@example.com');
    await dialog().getByLabel('To', { exact: true }).fill('success@simulator.amazonses.com');
    await dialog().getByLabel('Subject').fill('From the console');
    await submit('Send');
    await main().getByRole('heading', { name: 'From the console' }).waitFor();
    await main().getByText('delivered', { exact: true }).first().waitFor();
    await button('Send again').click();
    await submit('Send again');
    await until(async () => {
      const { json } = await deployment.request('GET', '/emails?subject=From%20the%20console');
      return json.data.length === 2;
    });
  });

  it('finds emails by status and by address, and keeps the filter in the address bar', async () => {
    await visitor.goTo('emails');
    await button('bounced').click();
    await main().getByText('Password reset').waitFor();
    expect(await main().getByText('Your order 1042').count()).toBe(0);
    expect(visitor.page.url()).toContain('status=bounced');
    await visitor.goTo('emails?to=bob@example.org');
    await main().getByText('Your trial ends tomorrow').waitFor();
  });

  it('shows an email by its parts: html in a frame, text, headers, raw, attachments, links', async () => {
    const { delivered } = deployment.emails;
    await until(async () => {
      const { json } = await deployment.request('GET', `/emails/${delivered}/webhooks`);
      return json.data.some(({ type }: { type: string }) => type === 'email.delivered');
    });
    await visitor.goTo(`emails/${delivered}`);
    const frame = visitor.page.frameLocator('main iframe');
    await frame.getByRole('heading', { name: 'Thank you, Ada' }).waitFor();
    const tab = (name: RegExp) => main().getByRole('tab', { name }).or(main().getByRole('link', { name })).first();
    for (const [name, text] of [
      [/^Text/, 'Thank you, Ada. Order 1042 is on its way.'],
      [/^Headers/, 'X-Order'],
      [/^Raw/, 'MIME-Version'],
      [/^Attachments/, 'invoice-1042.txt'],
      [/^Links/, 'shop.example/orders/1042'],
      [/^Webhooks/, '/hooks'],
    ] as const) {
      await tab(name).click();
      await main().getByText(text).first().waitFor();
    }
  });

  it('reschedules and cancels a scheduled email', async () => {
    const { scheduled } = deployment.emails;
    await visitor.goTo(`emails/${scheduled}`);
    await button('Reschedule').click();
    const [local, iso] = await visitor.page.evaluate(() => {
      // In the zone of the browser, without seconds.
      const day = new Date(Date.now() + 5 * 86_400_000).toLocaleDateString('sv');
      return [`${day}T09:30`, new Date(`${day}T09:30`).toISOString()];
    });
    await dialog().getByLabel('Send at').fill(local);
    await submit('Reschedule');
    await until(async () => {
      const { json } = await deployment.request('GET', `/emails/${scheduled}`);
      return Date.parse(json.scheduled_at) === Date.parse(iso);
    });
    await button('Cancel email').click();
    await submit('Cancel email');
    await main().getByText('canceled', { exact: true }).first().waitFor();
  });

  it('retries a failed email', async () => {
    await visitor.goTo(`emails/${deployment.emails.failed}`);
    await button('Retry').click();
    if (await dialog().isVisible()) await submit('Retry');
    await main().getByText('delivered', { exact: true }).first().waitFor();
  });

  it('writes, sends, pauses and resumes a broadcast', async () => {
    await visitor.goTo('broadcasts/new');
    const field = (label: string) => main().getByLabel(label, { exact: true });
    await field('Name').fill('Spring sale');
    await field('To the segment').selectOption({ label: 'Customers (46 contacts)' });
    await field('From').fill('Shop <shop@example.com>');
    await field('Subject').fill('For {{{FIRST_NAME|you}}}');
    await field('HTML').fill('<h1>Hello {{{FIRST_NAME|there}}}</h1><a href="{{{RESEND_UNSUBSCRIBE_URL}}}">Leave</a>');
    await visitor.page.frameLocator('main iframe').first().getByRole('heading', { name: 'Hello Ada' }).waitFor();
    await button('Save').click();
    const { ses } = deployment.cloud;
    // Long enough for two clicks.
    ses.set({ latencyMs: 5_000 });
    try {
      await button('Send…').click();
      await dialog().getByRole('button', { name: 'Send to 46 contacts' }).click();
      await button('Pause').click();
      await main().getByText('paused', { exact: true }).first().waitFor();
    } finally {
      ses.set({ latencyMs: undefined });
    }
    await button('Resume').click();
    await main().getByText('sent', { exact: true }).first().waitFor();
    const id = /broadcasts\/([0-9a-f-]{36})/.exec(visitor.page.url())?.[1];
    await until(async () => (await deployment.request('GET', `/broadcasts/${id}`)).json.status === 'sent');
  });

  it('shows how a broadcast went', async () => {
    await visitor.goTo(`broadcasts/${deployment.massMail.sent}`);
    await main().getByText('sent').first().waitFor();
    await main()
      .getByText(/\b46\b/)
      .first()
      .waitFor();
  });

  it('writes a template with a live preview', async () => {
    await visitor.goTo(`templates/${deployment.massMail.template}`);
    const frame = visitor.page.frameLocator('main iframe').first();
    await frame.getByRole('heading', { name: 'Thank you, Ada' }).waitFor();
    const entries = () => visitor.page.evaluate(() => history.length);
    const before = await entries();
    await main().getByLabel('HTML', { exact: true }).fill('<h1>Thanks, {{{NAME}}}</h1><p>{{{NUMBER}}}</p>');
    await frame.getByRole('heading', { name: 'Thanks, Ada' }).waitFor();
    // The way back leads to the page before, not to the preview before.
    expect(await entries()).toBe(before);
    await button('Save').click();
    await button('Publish').click();
    if (await dialog().isVisible()) await submit('Publish');
    await until(async () => {
      const { json } = await deployment.request('GET', `/templates/${deployment.massMail.template}`);
      return json.html.startsWith('<h1>Thanks');
    });
  });

  it('adds a contact, and finds it', async () => {
    await visitor.goTo('audience');
    await button(/Add (a )?contact/).click();
    await dialog().getByLabel('Address').fill('barbara@example.org');
    await dialog()
      .getByRole('button', { name: /^(Add|Create)/ })
      .click();
    await main().getByText('barbara@example.org').first().waitFor();
  });

  it('makes a topic, edits it in its row, and changes a value of a contact', async () => {
    await visitor.goTo('audience/topics');
    await button('New topic').click();
    await dialog().getByLabel('Name').fill('Offers');
    await submit('Save');
    await button('Edit Offers').click();
    await dialog().getByLabel('Description').fill('Twice a year');
    await submit('Save');
    await main()
      .getByRole('row', { name: /Offers.*Twice a year/ })
      .waitFor();
    await visitor.goTo(`audience/contacts/${deployment.audience.contact}`);
    await button('Edit plan').click();
    await dialog().getByLabel('Value').fill('team');
    await submit('Save');
    await main()
      .getByRole('row', { name: /plan.*team/ })
      .waitFor();
    await button('Set a property').click();
    await dialog().getByLabel('Value').fill('pro');
    await submit('Save');
    await main()
      .getByRole('row', { name: /plan.*pro/ })
      .waitFor();
  });

  it('imports a CSV file that is dragged into the page', async () => {
    await visitor.goTo('audience/imports/new');
    const dataTransfer = await visitor.page.evaluateHandle(() => {
      const dragged = new DataTransfer();
      const rows = 'Mail,Vorname,Plan\nmargaret@example.org,Margaret,pro\nnot an address,No,pro\n';
      dragged.items.add(new File([rows], 'people.csv', { type: 'text/csv' }));
      return dragged;
    });
    const zone = main().getByText('Drop a CSV file here');
    for (const event of ['dragenter', 'dragover', 'drop']) await zone.dispatchEvent(event, { dataTransfer });
    await main().getByText('people.csv').waitFor();
    // The columns with usual names have their fields already.
    await main().getByLabel('What Plan becomes').selectOption('property:plan');
    await button('Import').click();
    await main().getByText('completed').first().waitFor();
    await main().getByText('Rows that were not imported').waitFor();
    const { json } = await deployment.request('GET', '/contacts/margaret@example.org');
    expect(json).toMatchObject({ first_name: 'Margaret', properties: { plan: { value: 'pro' } } });
  });

  it('runs a task with arguments, and shows its steps and its result', async () => {
    await visitor.goTo('tasks/report.monthly');
    await button(/^Run/).click();
    await dialog().getByLabel('Arguments').fill('{"month":"2026-09"}');
    await submit('Run');
    await main().getByText('"sum": 447').first().waitFor();
    await main().getByText('read orders').first().waitFor();
  });

  it('pauses a clock and resumes it', async () => {
    await visitor.goTo('tasks/clocks');
    await button('Pause digest.daily').click();
    await button('Resume digest.daily').click();
    await button('Pause digest.daily').waitFor();
  });

  it('leads from the finding to the dead letters, and redrives one whose email there is', async () => {
    await visitor.goTo('now');
    await main().getByRole('link', { name: 'Open Queues' }).click();
    const row = main().getByRole('row', { name: /email\.send/ });
    await row.getByRole('checkbox').check();
    await button('Redrive 1 chosen').click();
    await submit('Redrive');
    await visitor.page.getByText('Redriven: 1.').waitFor();
    await row.waitFor({ state: 'detached' });
  });

  it('purges dead letters after a question', async () => {
    await visitor.goTo('queues');
    await main().getByText('nothing.knows').first().waitFor();
    await button('Purge all').click();
    await submit('Purge');
    await main().getByText('No dead letters').waitFor();
  });

  it('suppresses an address, and removes it', async () => {
    await visitor.goTo('suppressions');
    await button('Add addresses').click();
    await dialog().getByLabel('Addresses').fill('never@example.org');
    await submit('Suppress');
    const row = main().getByRole('row', { name: /never@example\.org/ });
    await row.getByRole('button', { name: /Remove/ }).click();
    await submit('Remove');
    await row.waitFor({ state: 'detached' });
    expect((await deployment.request('GET', '/suppressions/never@example.org')).status).toBe(404);
  });

  it('shows what an endpoint was sent, and replays it', async () => {
    await visitor.goTo(`webhooks/${deployment.operations.webhook}`);
    await main()
      .getByRole('row', { name: /email\.delivered/ })
      .first()
      .click();
    await main().getByText('"email_id"').first().waitFor();
    const attempts = main().getByRole('button', { name: 'Details of the attempt: 200' });
    await attempts.first().waitFor();
    expect(await attempts.count()).toBe(1);
    await button('Replay').click();
    await attempts.nth(1).waitFor();
  });

  it('creates a key, shows it once, and revokes it', async () => {
    await visitor.goTo('api-keys');
    await button('Create key').click();
    await dialog().getByLabel('Name').fill('Short-lived');
    await submit('Create');
    // The token is base64url: what follows the prefix may be a hyphen.
    await dialog()
      .getByText(/^re_[\w-]{43}$/)
      .waitFor();
    await dialog().getByRole('button', { name: 'Close' }).click();
    const row = main().getByRole('row', { name: /Short-lived/ });
    await row.getByRole('button', { name: /Revoke/ }).click();
    await submit('Revoke');
    await row.waitFor({ state: 'detached' });
  });

  it('shows the inbox of the local cloud', async () => {
    await visitor.goTo('inbox');
    await visitor.page.frameLocator('main iframe').getByText('Your order 1042 is on its way').first().waitFor();
  });
}
