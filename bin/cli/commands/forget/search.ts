import type { DocumentScan, StoredDocument } from '../../../../functions/core/document/scan.ts';
import { normalizeAddress, parseMailbox } from '../../../../functions/core/email/address.ts';
import { type Outcome, visitDeadLetters } from '../../../../functions/core/inspection/dead-letters.ts';
import type { DeadLetters, HeldDeadLetter } from '../../../../functions/core/ports/inspection.ts';
import {
  examineEmail,
  examineOther,
  type Finding,
  type Mention,
  type Wanted,
} from '../../../../functions/core/privacy/erase.ts';
import { isAddress, mentions } from '../../../../functions/core/privacy/mention.ts';
import type { OperatedBackend } from '../../backend/operated-backend.ts';
import { CliError, exitCodes } from '../../errors.ts';
import type { Terminal } from '../../terminal.ts';

/** The parts of a stored document that its deletion needs. */
export type Stored = Pick<StoredDocument, 'key' | 'expired'>;

/** Everything stored about a person. */
export interface Search {
  /** Emails looked at. */
  readonly examined: number;
  readonly mentions: readonly Mention[];
  /** Webhook events. */
  readonly deliveries: readonly Stored[];
  /** More than one where a version before 0.2 took a quoted and an unquoted form for two addresses. */
  readonly suppressions: readonly Stored[];
  /** The contact and its memberships. */
  readonly contacts: readonly Stored[];
  /** Parts of broadcasts' lists with the address among their recipients. */
  readonly recipients: readonly Stored[];
  /** Ids of imports that run, whose files may name the address. */
  readonly importing: readonly string[];
  /** Jobs in the dead-letter queue. */
  readonly deadLetters: number;
  /** Keys of other documents that name the address and are not about this person alone. */
  readonly elsewhere: readonly string[];
  /** Keys of documents that cannot be read and, searched as text, do not name the address. */
  readonly unreadable: readonly string[];
}

/** Normalizes an address of any form that any version has accepted; throws an error that says what is wrong with it. */
export function readAddress(text: string): string {
  const address = normalizeAddress(text);
  return isAddress(address) ? address : normalizeAddress(parseMailbox(text, 'address').address);
}

/** Searches everything that is stored, emails first because deliveries are found by their ids. Throws when stopped. */
export async function findAll(
  { scan, inspection }: Pick<OperatedBackend, 'scan' | 'inspection'>,
  wanted: Wanted,
  { progress }: Pick<Terminal, 'progress'>,
  signal: AbortSignal,
): Promise<Search> {
  const emails = await findEmails(scan, wanted, progress, signal);
  const ids = new Set([...emails.mentions].map(([id]) => id));
  const found: Record<NonNullable<Finding>, Map<string, Stored>> = {
    ...{ delivery: new Map(), suppression: new Map(), contact: new Map(), membership: new Map(), recipient: new Map() },
    ...{ importing: new Map(), elsewhere: new Map(), unreadable: emails.unreadable },
  };
  for await (const page of scan.pages('others')) {
    checkStopped(signal);
    for (const stored of page) {
      const finding = examineOther(stored, wanted, ids);
      if (finding) found[finding].set(stored.key, { key: stored.key, expired: stored.expired });
    }
  }
  const { deadLetters } = await inspection();
  const letters = await visitMentioning(deadLetters, wanted, signal, async () => 'left');
  checkStopped(signal);
  return {
    examined: emails.examined,
    mentions: [...emails.mentions.values()],
    deliveries: [...found.delivery.values()],
    suppressions: [...found.suppression.values()],
    // A membership of a contact goes first: after an interruption the contact still leads to the others.
    contacts: [...found.membership.values(), ...found.contact.values()],
    recipients: [...found.recipient.values()],
    importing: [...found.importing.keys()].map((key) => key.slice(key.indexOf('#') + 1)),
    deadLetters: letters,
    elsewhere: [...found.elsewhere.keys()],
    unreadable: [...found.unreadable.keys()],
  };
}

async function findEmails(
  scan: DocumentScan,
  wanted: Wanted,
  progress: Terminal['progress'],
  signal: AbortSignal,
): Promise<{ examined: number; mentions: Map<string, Mention>; unreadable: Map<string, Stored> }> {
  const mentioned = new Map<string, Mention>();
  const unreadable = new Map<string, Stored>();
  let examined = 0;
  for await (const page of scan.pages('emails')) {
    checkStopped(signal);
    examined += page.length;
    for (const stored of page) {
      const finding = examineEmail(stored, wanted);
      if (finding === 'unreadable') unreadable.set(stored.key, stored);
      else if (finding) mentioned.set(finding.id, finding);
    }
    progress(`${examined} emails examined, ${mentioned.size} found …`);
  }
  return { examined, mentions: mentioned, unreadable };
}

/** Visits each dead letter that names the address; answers how many there were. */
export async function visitMentioning(
  deadLetters: DeadLetters,
  { address }: Wanted,
  signal: AbortSignal,
  visit: (letter: HeldDeadLetter) => Promise<Outcome>,
): Promise<number> {
  let visited = 0;
  const visitIfMentioning = async (letter: HeldDeadLetter) => {
    if (!mentions(letter.body, address)) return 'left' as const;
    visited++;
    return visit(letter);
  };
  await visitDeadLetters(deadLetters, visitIfMentioning, { signal });
  return visited;
}

function checkStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new CliError('Stopped. Nothing was deleted.', exitCodes.interrupted);
}
