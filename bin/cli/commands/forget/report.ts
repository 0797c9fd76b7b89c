import { isUnsent } from '../../../../functions/core/email/status.ts';
import { type Mention, roles } from '../../../../functions/core/privacy/erase.ts';
import { MOST_RUN_BODIES } from '../../../../functions/core/privacy/runs.ts';
import type { OperatedBackend } from '../../backend/operated-backend.ts';
import { explain } from '../../errors.ts';
import { count, printable } from '../../layout.ts';
import type { ForgetOptions } from './options.ts';
import type { Search } from './search.ts';

/** How many of each kind were deleted or are to be deleted. */
export interface Amounts {
  readonly emails: number;
  readonly deliveries: number;
  readonly suppressions: number;
  readonly contacts: number;
  readonly recipients: number;
  readonly runs: number;
  readonly deadLetters: number;
}

/** Amounts in words; empty for nothing. */
export function describeAmounts(amounts: Amounts): string {
  const { emails, deliveries, suppressions, contacts, recipients, runs, deadLetters } = amounts;
  return [
    ...(emails > 0 ? [count(emails, 'email')] : []),
    ...(deliveries > 0 ? [count(deliveries, 'webhook event')] : []),
    ...(deadLetters > 0 ? [count(deadLetters, 'dead letter')] : []),
    ...(contacts > 0 ? ['its contact with its memberships'] : []),
    ...(recipients > 0 ? [`its place in ${count(recipients, 'part')} of broadcasts' lists`] : []),
    ...(runs > 0 ? [`${count(runs, 'run')} of tasks`] : []),
    ...(suppressions > 0 ? ['its suppression'] : []),
  ].join(', ');
}

/** The result of the search, shown before anything is deleted. */
export function describeSearch(search: Search, options: ForgetOptions): string {
  const { examined, mentions, deliveries, contacts, recipients, runs, deadLetters, suppressions } = search;
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
    ...(deliveries.length > 0 ? [`${count(deliveries.length, 'webhook event')} about it.`] : []),
    ...(contacts.length > 0 ? ['It is a contact.'] : []),
    ...(recipients.length > 0 ? [`It is in ${count(recipients.length, 'part')} of broadcasts' lists.`] : []),
    ...(runs.length > 0 ? [`${count(runs.length, 'run')} of tasks with it in arguments, results or errors.`] : []),
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

/** The result of the deletion, and the places that keep the address and that this command cannot reach. */
export function summaryOf(deleted: Amounts, staysSuppressed: boolean, { remains }: OperatedBackend): string {
  const what = describeAmounts(deleted);
  if (what === '') return 'Nothing was deleted.';
  return [
    `Deleted ${what}.`,
    'Not deleted, because it is not here or not yours to delete:',
    "  - the copies in the recipients' mailboxes",
    '  - jobs that wait in queues: webhook events not delivered yet (29 hours at most), SES reports not read yet (14 days)',
    ...remains.map((place) => `  - ${place}`),
    "  - SES's own suppression list: aws sesv2 delete-suppressed-destination --email-address …",
    ...(staysSuppressed
      ? ['  - its entry in the suppression list, so that nothing is sent to it (--suppression)']
      : []),
  ].join('\n');
}

/** Documents that are still there and name the address, or may name it, by their ids or keys. */
export interface Leftovers {
  /** Ids of emails still to be sent. */
  readonly unsent: readonly string[];
  /** Ids of imports that run. */
  readonly importing: readonly string[];
  /** Ids of runs of tasks that have not ended. */
  readonly running: readonly string[];
  /** Large arguments and results of runs that were not searched. */
  readonly unreadBodies: number;
  readonly unreadable: readonly string[];
  readonly elsewhere: readonly string[];
  readonly failures: ReadonlyMap<string, unknown>;
}

/** The advice for each kind of leftover; undefined when there are none. */
export function adviceOn(leftovers: Leftovers): string | undefined {
  const { unsent, importing, running, unreadBodies, unreadable, elsewhere, failures } = leftovers;
  const names = (keys: Iterable<string>) => [...keys].map(printable).join(', ');
  const [reason] = failures.values();
  const advice = [
    ...(unsent.length > 0
      ? [`Still to be sent, so still there: ${names(unsent)}. Run it again when they are sent, or with --cancel.`]
      : []),
    ...(importing.length > 0
      ? [`Imports that run may name it: ${names(importing)}. Run it again when they have ended.`]
      : []),
    ...(running.length > 0
      ? [`Runs that have not ended name it: ${names(running)}. Cancel them, or run it again when they have ended.`]
      : []),
    ...(unreadBodies > 0
      ? [
          `Not searched: ${count(unreadBodies, 'large value')} of runs, as one command reads ${MOST_RUN_BODIES}. They are deleted with their runs after the days that the task keeps them.`,
        ]
      : []),
    ...(failures.size > 0
      ? [`Could not be deleted: ${names(failures.keys())}. Run it again. The reason: ${explain(reason).line}`]
      : []),
    ...(unreadable.length > 0
      ? [
          `Not readable as documents of Sendoff; searched as text, they do not name the address: ${names(unreadable)}. Look at them yourself.`,
        ]
      : []),
    ...(elsewhere.length > 0
      ? [`Names the address, but is not about this person alone: ${names(elsewhere)}. Change it yourself.`]
      : []),
  ];
  return advice.length > 0 ? advice.join('\n') : undefined;
}
