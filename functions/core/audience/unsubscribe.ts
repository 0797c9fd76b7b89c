import type { Table } from '../ports/table.ts';
import { isUnsubscribed, resubscribe, suppress } from '../suppression/suppression.ts';
import type { Unsubscription } from '../suppression/unsubscribe-link.ts';
import { type Contact, contactId } from './contact.ts';
import { type ContactDependencies, changeContact, findContact } from './contacts.ts';
import { choiceOf, type Subscription, type Topic, topicKey } from './topic.ts';
import { listTopics, setTopics } from './topics.ts';

export interface UnsubscribeDependencies extends ContactDependencies {
  /** Counts an unsubscription for its broadcast, once for each email. */
  countUnsubscribe(unsubscription: {
    readonly broadcastId: string;
    readonly emailId: string;
    readonly atMs: number;
  }): Promise<unknown>;
}

/** The emails that the recipient behind an unsubscribe link gets at present. */
export interface Standing {
  /** True if the recipient gets nothing more that the link can stop. */
  readonly unsubscribed: boolean;
  /** Absent for an ordinary email, a recipient without a contact, and a contact that was deleted: the link then stops the sender. */
  readonly contact?: Contact;
  /** The topic of the broadcast; absent without one, and if it was deleted. */
  readonly topic?: Topic;
  /** The topics that the recipient may choose from: the link's own, then public ones and private ones that it gets, newest first. */
  readonly topics: readonly Topic[];
}

/** A link changes its topic, or everything; a link without a topic changes everything. */
export type Scope = 'topic' | 'everything';

/** Reads what the recipient of a link gets; at most the contact, the topics, and a suppression. */
export async function standingOf(table: Table, unsubscription: Unsubscription): Promise<Standing> {
  const { email, sender } = unsubscription;
  const { contactId, topicId } = subjectOf(unsubscription);
  const [stopped, contact] = await Promise.all([
    isUnsubscribed(table, sender, email),
    contactId === undefined ? undefined : findContact(table, contactId),
  ]);
  if (!contact) return { unsubscribed: stopped, topics: [] };
  // The list may lag, and without its topic a link stops everything.
  const [topic, all] = await Promise.all([
    topicId === undefined ? undefined : table.get<Topic>(topicKey(topicId)),
    listTopics(table),
  ]);
  const others = all.filter((one) => one.id !== topicId && (one.visibility === 'public' || wants(contact, one)));
  const topics = topic ? [topic, ...others] : others;
  return { unsubscribed: stopped || contact.unsubscribed, contact, ...(topic ? { topic } : {}), topics };
}

/** The subject whose choice a link changes; for an email with a topic the contact with its address, if there is one by now. */
function subjectOf({ email, broadcast, topicId }: Unsubscription): { contactId?: string; topicId?: string } {
  if (broadcast) return broadcast;
  return topicId === undefined ? {} : { contactId: contactId(email), topicId };
}

/** True if the recipient gets emails of the topic unless it gets nothing at all. */
export const wants = (contact: Contact, topic: Topic): boolean => choiceOf(contact, topic) === 'opt_in';

/** Unsubscribes the recipient of a link; may be repeated. A link whose topic is gone stops everything. */
export async function unsubscribe(
  dependencies: UnsubscribeDependencies,
  unsubscription: Unsubscription,
  scope: Scope,
): Promise<void> {
  const { table, publish, now } = dependencies;
  const { email, sender, emailId } = unsubscription;
  const { contact, topic } = await standingOf(table, unsubscription);
  if (!contact)
    await suppress(table, publish, [{ email, sender, origin: 'unsubscribe', sourceId: emailId, atMs: now() }]);
  else if (topic && scope === 'topic') await choose(dependencies, contact, [[topic, 'opt_out']]);
  else await changeContact(dependencies, contact, { unsubscribed: true });
  await count(dependencies, unsubscription);
}

/** Undoes an unsubscription. It removes no suppression that has another origin. */
export async function subscribeAgain(
  dependencies: ContactDependencies,
  unsubscription: Unsubscription,
  scope: Scope,
): Promise<void> {
  const { table, publish, now } = dependencies;
  const { contact, topic } = await standingOf(table, unsubscription);
  if (contact && topic && scope === 'topic') return choose(dependencies, contact, [[topic, 'opt_in']]);
  await resubscribe(table, publish, { ...unsubscription, atMs: now() });
  if (contact) await changeContact(dependencies, contact, { unsubscribed: false });
}

/** Sets what the recipient chose of the topics that the page showed. Topics that it may not choose from are ignored. */
export async function chooseTopics(
  dependencies: UnsubscribeDependencies,
  unsubscription: Unsubscription,
  { shown, wanted }: { readonly shown: ReadonlySet<string>; readonly wanted: ReadonlySet<string> },
): Promise<void> {
  const { contact, topic, topics } = await standingOf(dependencies.table, unsubscription);
  if (!contact) return;
  const choices = topics
    .filter(({ id }) => shown.has(id))
    .map((one) => [one, wanted.has(one.id) ? 'opt_in' : 'opt_out'] as const);
  await choose(dependencies, contact, choices);
  const left = choices.some(([one, choice]) => one === topic && choice === 'opt_out' && wants(contact, one));
  if (left) await count(dependencies, unsubscription);
}

/** Writes only what differs from what applies already: a default that the recipient left as it was is no choice. */
async function choose(
  dependencies: ContactDependencies,
  contact: Contact,
  choices: readonly (readonly [Topic, Subscription])[],
): Promise<void> {
  const different = choices.filter(([topic, subscription]) => choiceOf(contact, topic) !== subscription);
  const named = different.map(([{ id }, subscription]) => ({ id, subscription }));
  if (named.length > 0) await setTopics(dependencies, contact, named);
}

async function count(
  { countUnsubscribe, now }: UnsubscribeDependencies,
  { emailId, broadcast }: Unsubscription,
): Promise<void> {
  if (broadcast) await countUnsubscribe({ broadcastId: broadcast.id, emailId, atMs: now() });
}
