/** An answer kept with its ETag, so that a page that is opened again shows it at once. */
interface Kept {
  readonly body: unknown;
  readonly etag: string | undefined;
}

const MAX_KEPT = 60;
const answers = new Map<string, Kept>();

export const keptAnswer = (path: string): Kept | undefined => answers.get(path);

/** Keeps the answer of a path; the oldest is dropped when there are too many. */
export function keepAnswer(path: string, answer: Kept): void {
  answers.delete(path);
  answers.set(path, answer);
  const [oldest] = answers.keys();
  if (answers.size > MAX_KEPT && oldest !== undefined) answers.delete(oldest);
}

/** Drops all kept answers: at sign-out. */
export const forgetAnswers = (): void => answers.clear();
