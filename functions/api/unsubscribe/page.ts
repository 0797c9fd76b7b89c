import type { Standing } from '../../core/audience/unsubscribe.ts';
import { wants } from '../../core/audience/unsubscribe.ts';
import type { Unsubscription } from '../../core/suppression/unsubscribe-link.ts';

/** The actions of the page's buttons; a request without one is the one-click unsubscription of a mail program (RFC 8058). */
export const actions = ['stop', 'stop-everything', 'subscribe', 'subscribe-everything', 'choose'] as const;
export type Action = (typeof actions)[number];

/** A page: its title and the HTML below it. Nothing on it needs JavaScript. */
export interface Page {
  readonly title: string;
  readonly content: string;
}

/** The page of a link: what the recipient gets now, and what it can change. `changed`: it follows a change. */
export function unsubscribePage(
  { sender }: Unsubscription,
  { unsubscribed, contact, topic, topics }: Standing,
  changed: boolean,
): Page {
  const note = changed ? '<p role="status">Your choice is saved.</p>' : '';
  const from = `<p>This email came from ${escaped(sender)}.</p>`;
  if (!contact)
    return unsubscribed
      ? { title: `You will get no more email from ${sender}`, content: note + button('subscribe', 'Subscribe again') }
      : { title: `Stop email from ${sender}?`, content: note + button('stop', 'Unsubscribe') };
  if (unsubscribed)
    return {
      title: 'You are unsubscribed from everything',
      content: `${note}${from}${button('subscribe-everything', 'Subscribe again')}`,
    };
  const everything = button('stop-everything', 'Unsubscribe from everything');
  const choices = choiceForm(topics.map((one) => ({ ...one, chosen: wants(contact, one) })));
  if (!topic) return { title: 'Unsubscribe from all of these emails?', content: note + from + everything + choices };
  const about = topic.description ? `<p>${escaped(topic.description)}</p>` : '';
  const [title, own] = wants(contact, topic)
    ? [`Unsubscribe from ${topic.name}?`, button('stop', `Unsubscribe from ${topic.name}`)]
    : [`You are unsubscribed from ${topic.name}`, button('subscribe', 'Subscribe again')];
  return { title, content: note + about + from + own + everything + choices };
}

const button = (action: Action, label: string): string =>
  `<form method="post"><button name="action" value="${action}">${escaped(label)}</button></form>`;

interface Choice {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly chosen: boolean;
}

/** The page names what it shows: a topic that was created since is no choice that anybody made. */
function choiceForm(choices: readonly Choice[]): string {
  if (choices.length === 0) return '';
  const rows = choices.map(({ id, name, description, chosen }) => {
    const value = `value="${escaped(id)}"`;
    const about = description ? `<small>${escaped(description)}</small>` : '';
    const box = `<input type="checkbox" name="topic" ${value}${chosen ? ' checked' : ''}>`;
    return `<input type="hidden" name="shown" ${value}><label>${box} ${escaped(name)}${about}</label>`;
  });
  return `<form method="post"><fieldset><legend>Choose what you want to get</legend>${rows.join('')}</fieldset><button name="action" value="choose">Save</button></form>`;
}

/** The text as HTML, in content and in quoted attributes. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
