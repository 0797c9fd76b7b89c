import type { EmptyDeployment } from '../empty-deployment.ts';
import { until } from '../until.ts';

/** The audience that the broadcasts are for. */
export interface AudienceContents {
  readonly segment: string;
  readonly contact: string;
}

const PEOPLE = [
  'Ada Lovelace',
  'Charles Babbage',
  'Grace Hopper',
  'Alan Turing',
  'Katherine Johnson',
  'Edsger Dijkstra',
];

/** Makes a segment, a topic, a property, contacts and an import. */
export async function fillAudience({ request, make, cloud, apiKey }: EmptyDeployment): Promise<AudienceContents> {
  await make('/contact-properties', { key: 'plan', type: 'string', fallback_value: 'free' });
  const [segment, topic] = await Promise.all([
    make('/segments', { name: 'Customers' }),
    make('/topics', { name: 'Product news', default_subscription: 'opt_in', description: 'Once a month' }),
  ]);
  const contacts = await Promise.all(
    PEOPLE.map((person) => {
      const [first_name = '', last_name = ''] = person.split(' ');
      const email = `${first_name}@example.org`.toLowerCase();
      return make('/contacts', { email, first_name, last_name, segments: [segment], properties: { plan: 'pro' } });
    }),
  );
  await request('PATCH', `/contacts/${contacts[0]}/topics`, [{ id: topic, subscription: 'opt_in' }]);
  const form = new FormData();
  const rows = Array.from({ length: 40 }, (_, index) => `reader${index}@example.org,Reader,${index}`);
  form.set(
    'file',
    new File([`email,first_name,last_name\n${rows.join('\n')}\nnot an address,No,One\n`], 'readers.csv'),
  );
  form.set('segments', JSON.stringify([segment]));
  await fetch(`${cloud.apiUrl}/contacts/imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}` },
    body: form,
  });
  await until(async () => (await request('GET', '/contacts/imports')).json.data[0]?.status === 'completed');
  return { segment, contact: contacts[0] ?? '' };
}
