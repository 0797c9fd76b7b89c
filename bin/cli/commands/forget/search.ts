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
import { createRunSearch, isRunKey, type RunFinding, type RunStores } from '../../../../functions/core/privacy/runs.ts';
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
  /** Runs of the user's tasks that have ended. */
  readonly runs: readonly Stored[];
  /** Ids of runs that have not ended. */
  readonly running: readonly string[];
  /** Large arguments and results of runs that were not searched. */
  readonly unreadBodies: number;
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
  backend: Pick<OperatedBackend, 'table' | 'bodies' | 'scan' | 'inspection' | 'runs'>,
  wanted: Wanted,
  { progress }: Pick<Terminal, 'progress'>,
  signal: AbortSignal,
): Promise<Search> {
  const { scan, inspection } = backend;
  const emails = await findEmails(scan, wanted, progress, signal);
  const ids = new Set([...emails.mentions].map(([id]) => id));
  const found: Record<NonNullable<Finding> | RunFinding, Map<string, Stored>> = {
    ...{ delivery: new Map(), suppression: new Map(), contact: new Map(), membership: new Map(), recipient: new Map() },
    ...{ run: new Map(), running: new Map() },
    ...{ importing: new Map(), elsewhere: new Map(), unreadable: emails.unreadable },
  };
  const stores: RunStores[] = [backend, ...(backend.runs ? [backend.runs] : [])];
  let unreadBodies = 0;
  for (const { scan: one, bodies } of stores) {
    const runs = createRunSearch(wanted.address, bodies);
    for await (const page of one.pages('others')) {
      checkStopped(signal);
      for (const stored of page) {
        const finding = isRunKey(stored.key) ? await runs.examine(stored) : examineOther(stored, wanted, ids);
        if (finding) found[finding].set(stored.key, { key: stored.key, expired: stored.expired });
      }
    }
    unreadBodies += runs.unread();
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
    runs: [...found.run.values()],
    running: idsOf(found.running),
    unreadBodies,
    importing: idsOf(found.importing),
    deadLetters: letters,
    elsewhere: [...found.elsewhere.keys()],
    unreadable: [...found.unreadable.keys()],
  };
}

/** The part of each key after its kind. */
const idsOf = (found: ReadonlyMap<string, Stored>): string[] =>
  [...found.keys()].map((key) => key.slice(key.indexOf('#') + 1));

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
