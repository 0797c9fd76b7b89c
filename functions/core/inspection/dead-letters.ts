import type { DeadLetter, DeadLetters, HeldDeadLetter } from '../ports/inspection.ts';

/** The result of the visit to a dead letter: `taken` when it is out of the queue, `left` when it stays. */
export type Outcome = 'taken' | 'left';

export interface VisitOptions {
  /** Stops the visit after the current page. */
  readonly signal: AbortSignal;
  /** Told after each page how many have been visited so far. */
  readonly onProgress?: ((visited: number) => void) | undefined;
}

export interface Visit {
  readonly taken: number;
  readonly left: number;
  /** True when it ended before the queue did. */
  readonly stopped: boolean;
}

/** Which dead letters are meant: those named, or all. */
export interface Choice {
  readonly ids: readonly string[];
  readonly all?: boolean | undefined;
}

/** A visit of chosen dead letters. */
export interface ChosenVisit extends Visit {
  /** Ids that were chosen and not found. */
  readonly missing: readonly string[];
}

export interface Redrive extends ChosenVisit {
  /** Those of `left` that were queued after the redrive began. */
  readonly late: number;
}

/** Visits every dead letter once, those of a page at the same time, until `enough`. Rejects after a page in which a visit failed. */
export async function visitDeadLetters(
  deadLetters: DeadLetters,
  visit: (letter: HeldDeadLetter) => Promise<Outcome>,
  { signal, onProgress, enough = () => false }: VisitOptions & { readonly enough?: () => boolean },
): Promise<Visit> {
  const count = { taken: 0, left: 0 };
  const isOver = () => signal.aborted || enough();
  if (isOver()) return { ...count, stopped: true };
  for await (const page of deadLetters.pages()) {
    const outcomes = await Promise.allSettled(page.map(visit));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') throw outcome.reason;
      count[outcome.value]++;
    }
    onProgress?.(count.taken + count.left);
    if (isOver()) return { ...count, stopped: true };
  }
  return { ...count, stopped: false };
}

/** The first dead letters, at most `max`; `stopped` when there may be more. */
export async function listDeadLetters(
  deadLetters: DeadLetters,
  max: number,
  signal: AbortSignal,
): Promise<{ letters: DeadLetter[]; stopped: boolean }> {
  const letters: DeadLetter[] = [];
  const keep = async (letter: DeadLetter) => {
    if (letters.length < max) letters.push(letter);
    return 'left' as const;
  };
  const { stopped } = await visitDeadLetters(deadLetters, keep, { signal, enough: () => letters.length >= max });
  return { letters, stopped };
}

/** Visits the chosen dead letters; those that are not chosen stay. */
export async function visitChosen(
  deadLetters: DeadLetters,
  { ids, all }: Choice,
  visit: (letter: HeldDeadLetter) => Promise<Outcome>,
  options: VisitOptions,
): Promise<ChosenVisit> {
  const missing = new Set(ids);
  const visitIfChosen = async (letter: HeldDeadLetter) =>
    all || missing.delete(letter.id) ? visit(letter) : ('left' as const);
  const enough = () => !all && missing.size === 0;
  const visited = await visitDeadLetters(deadLetters, visitIfChosen, { ...options, enough });
  return { ...visited, missing: [...missing] };
}

/** Puts the chosen dead letters back on the queues they came from; `startedAtMs` is the time at which the redrive begins. */
export async function redriveDeadLetters(
  deadLetters: DeadLetters,
  choice: Choice,
  { startedAtMs, ...options }: VisitOptions & { readonly startedAtMs: number },
): Promise<Redrive> {
  let late = 0;
  const redrive = async (letter: HeldDeadLetter): Promise<Outcome> => {
    // It may be one that was just redriven and has failed again: without this, a redrive of all might never end.
    if (choice.all && letter.queuedAtMs > startedAtMs) {
      late++;
      return 'left';
    }
    return (await letter.redrive()) ? 'taken' : 'left';
  };
  return { ...(await visitChosen(deadLetters, choice, redrive, options)), late };
}
