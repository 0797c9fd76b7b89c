import type { EmptyDeployment } from '../empty-deployment.ts';
import { until } from '../until.ts';

/** Broadcasts and templates that a test opens. */
export interface MassMailContents {
  readonly sent: string;
  readonly draft: string;
  readonly template: string;
}

const from = 'Shop <shop@example.com>';

/** Makes a broadcast that was sent, one that is scheduled, a draft, a published template and one that is not. */
export async function fillMassMail({ request, make }: EmptyDeployment, segment: string): Promise<MassMailContents> {
  const content = {
    from,
    subject: 'News for {{{FIRST_NAME|you}}}',
    html: '<h1>Hello {{{FIRST_NAME|there}}}</h1><p>New in the shop. <a href="https://shop.example/new">See it</a></p><p><a href="{{{RESEND_UNSUBSCRIBE_URL}}}">Unsubscribe</a></p>',
    text: 'Hello {{{FIRST_NAME|there}}}. New in the shop. {{{RESEND_UNSUBSCRIBE_URL}}}',
  };
  const template = await make('/templates', {
    name: 'Order confirmation',
    alias: 'order',
    from,
    subject: 'Order {{{NUMBER}}}',
    html: '<h1>Thank you, {{{NAME}}}</h1><p>Order {{{NUMBER}}} is on its way.</p>',
    variables: [
      { key: 'NUMBER', type: 'number', fallback_value: 1042 },
      { key: 'NAME', type: 'string', fallback_value: 'Ada' },
    ],
  });
  await make(`/templates/${template}/publish`);
  const [sent, draft] = await Promise.all([
    make('/broadcasts', { name: 'November', segment_id: segment, ...content, send: true }),
    make('/broadcasts', { name: 'December', segment_id: segment, ...content }),
    make('/broadcasts', { name: 'January', segment_id: segment, ...content, send: true, scheduled_at: 'in 20 days' }),
    make('/templates', { name: 'Welcome', html: '<p>Welcome to the shop.</p>' }),
  ]);
  await until(async () => (await request('GET', `/broadcasts/${sent}`)).json.status === 'sent');
  return { sent, draft, template };
}
