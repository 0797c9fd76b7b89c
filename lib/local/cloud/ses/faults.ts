import { failureOf, type SesError } from './api/ses-error.ts';

/** A failure the next send answers with. */
export type Fault = {
  error: SesError;
  /** The mail is accepted all the same and only the answer is lost: the case that makes senders send twice. */
  afterAccept: boolean;
};

/** Failures queued by a test, used up one a send. */
export type Faults = {
  add(code: string, options?: { times?: number; message?: string; afterAccept?: boolean }): void;
  /** Takes the fault of this send, if there is one. */
  next(): Fault | undefined;
};

/** Keeps the queue of failures. */
export function createFaults(): Faults {
  const queue: Fault[] = [];
  return {
    add: (code, { times = 1, message, afterAccept = false } = {}) => {
      for (let time = 0; time < times; time++) queue.push({ error: failureOf(code, message), afterAccept });
    },
    next: () => queue.shift(),
  };
}
