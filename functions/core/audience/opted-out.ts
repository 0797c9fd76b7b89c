import type { Table } from '../ports/table.ts';
import { type Contact, contactId, contactKey } from './contact.ts';
import { subscribes, type Topic, topicKey } from './topic.ts';

/**
 * Those of the addresses that get no email of this topic: their contacts chose so, or nothing and the default is `opt_out`, or are
 * unsubscribed. To an address without a contact the default applies; of a topic that was deleted nobody knows it.
 */
export async function optedOut(
  table: Pick<Table, 'get' | 'getMany'>,
  topicId: string,
  addresses: readonly string[],
): Promise<Set<string>> {
  const [topic, contacts] = await Promise.all([
    table.get<Topic>(topicKey(topicId)),
    table.getMany<Contact>(addresses.map((address) => contactKey(contactId(address)))),
  ]);
  const about = topic ?? { id: topicId, defaultSubscription: 'opt_out' };
  return new Set(addresses.filter((_, index) => !subscribes(contacts[index] ?? { unsubscribed: false }, about)));
}
