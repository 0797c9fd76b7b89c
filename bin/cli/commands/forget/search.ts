import type { DocumentScan, StoredDocument } from '../../../../functions/core/document/scan.ts';
import { normalizeAddress, parseMailbox } from '../../../../functions/core/email/address.ts';
import { examineEmail, examineOther, type Mention, type Wanted } from '../../../../functions/core/privacy/erase.ts';
import { isAddress, mentions } from '../../../../functions/core/privacy/mention.ts';
import type { OperatedBackend } from '../../backend/open.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { Terminal } from '../../terminal.ts';
import type { DeadLetter, DeadLetterQueue } from '../dead-letters/queue.ts';
import { walk } from '../dead-letters/walk.ts';

/** What is needed of a stored document to delete it. */
export type Stored = Pick<StoredDocument, 'key' | 'expired'>;

/** What there is of a person. */
export interface Search {
  /** Emails looked at. */
  readonly examined: number;
  readonly mentions: readonly Mention[];
  /** What webhooks were told. */
  readonly deliveries: readonly Stored[];
  /** More than one where versions before 0.2 told apart by quoting what is one address. */
  readonly suppressions: readonly Stored[];
  /** Jobs in the dead-letter queue. */
  readonly deadLetters: number;
  /** Keys of other documents that name the address, which is not theirs alone. */
  readonly elsewhere: readonly string[];
  /** Keys of documents that cannot be read, and as text do not name the address. */
  readonly unreadable: readonly string[];
}

/** Reads an address in its normal form, of any kind that any version has accepted; throws what says why it is none. */
export function readAddress(text: string): string {
  const address = normalizeAddress(text);
  return isAddress(address) ? address : normalizeAddress(parseMailbox(text, 'address').address);
}

/** Looks through everything that is stored, emails first: deliveries are found by them. Throws when stopped. */
export async function findAll(
  { scan, deadLetters }: Pick<OperatedBackend, 'scan' | 'deadLetters'>,
  wanted: Wanted,
  { progress }: Pick<Terminal, 'progress'>,
  signal: AbortSignal,
): Promise<Search> {
  const emails = await findEmails(scan, wanted, progress, signal);
  const ids = new Set([...emails.mentions].map(([id]) => id));
  const found = { delivery: new Map(), suppression: new Map(), elsewhere: new Map(), unreadable: emails.unreadable };
  for await (const page of scan.pages('others')) {
    checkStopped(signal);
    for (const stored of page) {
      const finding = examineOther(stored, wanted, ids);
      if (finding) found[finding].set(stored.key, { key: stored.key, expired: stored.expired });
    }
  }
  const letters = await visitDeadLetters(await deadLetters(), wanted, signal, async () => 'left');
  checkStopped(signal);
  return {
    examined: emails.examined,
    mentions: [...emails.mentions.values()],
    deliveries: [...found.delivery.values()],
    suppressions: [...found.suppression.values()],
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

/** Handles each dead letter that names the address; answers how many there were. */
export async function visitDeadLetters(
  queue: DeadLetterQueue,
  { address }: Wanted,
  signal: AbortSignal,
  handle: (letter: DeadLetter) => Promise<'taken' | 'left'>,
): Promise<number> {
  let visited = 0;
  const handleMentioning = async (letter: DeadLetter) => {
    if (!mentions(letter.body, address)) return 'left' as const;
    visited++;
    return handle(letter);
  };
  await walk(queue, handleMentioning, { signal });
  return visited;
}

function checkStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new CliError('Stopped. Nothing was deleted.', exitCodes.interrupted);
}
