import { isUnsent } from '../../../../functions/core/email/status.ts';
import { type Mention, roles } from '../../../../functions/core/privacy/erase.ts';
import type { OperatedBackend } from '../../backend/open.ts';
import { explain } from '../../error-line.ts';
import { count, printable } from '../../layout.ts';
import type { ForgetOptions } from './options.ts';
import type { Search } from './search.ts';

/** How much of each kind is, or is to be, deleted. */
export interface Amounts {
  readonly emails: number;
  readonly deliveries: number;
  readonly suppressions: number;
  readonly deadLetters: number;
}

/** What was deleted or is to be, in words; empty for nothing. */
export function inWords({ emails, deliveries, suppressions, deadLetters }: Amounts): string {
  return [
    ...(emails > 0 ? [count(emails, 'email')] : []),
    ...(deliveries > 0 ? [`what webhooks were told (${count(deliveries, 'event')})`] : []),
    ...(deadLetters > 0 ? [count(deadLetters, 'dead letter')] : []),
    ...(suppressions > 0 ? ['its suppression'] : []),
  ].join(', ');
}

/** What was found, before anything is deleted. */
export function describeSearch(search: Search, options: ForgetOptions): string {
  const { examined, mentions, deliveries, deadLetters, suppressions } = search;
  const waiting = mentions.filter(isUnsent).length;
  const shared = mentions.filter(({ recipientCount }) => recipientCount > 1).length;
  return [
    `${count(examined, 'email')} examined; ${mentions.length} with this address${byRole(mentions)}.`,
    ...(shared > 0 ? [`${shared} of them went to others too: record and body are deleted for all.`] : []),
    ...(waiting > 0
      ? [
          `${waiting} of them still to be sent: ${options.cancel ? 'canceled for all recipients, then deleted' : 'left alone without --cancel'}.`,
        ]
      : []),
    ...(deliveries.length > 0 ? [`${count(deliveries.length, 'event')} that webhooks were told about it.`] : []),
    ...(deadLetters > 0 ? [`${count(deadLetters, 'dead letter')} that name it.`] : []),
    ...(suppressions.length > 0 && !options.suppression
      ? ['It is on the suppression list, and stays there without --suppression.']
      : []),
  ].join('\n');
}

function byRole(mentions: readonly Mention[]): string {
  const places = mentions.flatMap<string>(({ roles: own }) => (own.length > 0 ? own : ['elsewhere']));
  const numbers = [...roles, 'elsewhere'].flatMap((place) => {
    const number = places.filter((each) => each === place).length;
    return number > 0 ? [`${place === 'replyTo' ? 'reply-to' : place}: ${number}`] : [];
  });
  return numbers.length > 0 ? ` (${numbers.join(', ')})` : '';
}

/** What was deleted, and where the address still is that this command cannot reach. */
export function farewell(deleted: Amounts, staysSuppressed: boolean, { remains }: OperatedBackend): string {
  const what = inWords(deleted);
  if (what === '') return 'Nothing was deleted.';
  return [
    `Deleted ${what}.`,
    'Not deleted, because it is not here or not yours to delete:',
    '  - what recipients have in their mailboxes',
    '  - jobs that wait in queues: what webhooks are still to be told (29 hours at most), what SES reports until it is read (14 days)',
    ...remains.map((place) => `  - ${place}`),
    "  - SES's own suppression list: aws sesv2 delete-suppressed-destination --email-address …",
    ...(staysSuppressed
      ? ['  - its entry in the suppression list, so that nothing is sent to it (--suppression)']
      : []),
  ].join('\n');
}

/** What names the address, or may, and is still there, by its id or key. */
export interface Leftovers {
  /** Ids of emails still to be sent. */
  readonly unsent: readonly string[];
  readonly unreadable: readonly string[];
  readonly elsewhere: readonly string[];
  readonly failures: ReadonlyMap<string, unknown>;
}

/** What to do about what is still there; undefined when nothing is. */
export function adviceOn({ unsent, unreadable, elsewhere, failures }: Leftovers): string | undefined {
  const names = (keys: Iterable<string>) => [...keys].map(printable).join(', ');
  const [reason] = failures.values();
  const advice = [
    ...(unsent.length > 0
      ? [`Still to be sent, so still there: ${names(unsent)}. Run it again when they are sent, or with --cancel.`]
      : []),
    ...(failures.size > 0
      ? [`Could not be deleted: ${names(failures.keys())}. Run it again. The reason: ${explain(reason).line}`]
      : []),
    ...(unreadable.length > 0
      ? [
          `Cannot be read as what they should be, so they were searched as text and do not name the address: ${names(unreadable)}. Look at them yourself.`,
        ]
      : []),
    ...(elsewhere.length > 0
      ? [`Names the address, but is not about this person alone: ${names(elsewhere)}. Change it yourself.`]
      : []),
  ];
  return advice.length > 0 ? advice.join('\n') : undefined;
}
