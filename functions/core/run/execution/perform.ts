import { type Failure, failureOf, RunFault } from '../run-error.ts';
import type { RunWorker } from './dependencies.ts';

/** How a call of the user's function ended. */
export type Performed =
  | { readonly type: 'returned'; readonly value: unknown }
  | { readonly type: 'threw'; readonly failure: Failure }
  | { readonly type: 'continued'; readonly args: unknown }
  /** The run was canceled, or its lease has ended: nothing of this attempt may be recorded. */
  | { readonly type: 'lost' };

/** Shared by the parts of a run's context. */
export interface Control {
  readonly signal: AbortSignal;
  /** Throws when the attempt has ended: the function went on after its time-out. */
  readonly assertOpen: () => void;
  /** Notes that the attempt has lost its claim, and aborts the signal. */
  readonly lose: () => void;
  readonly continueWith: (args: unknown) => never;
}

/** The signal aborts so long before the time-out, or a tenth of it if that is shorter. */
const NOTICE_MS = 5_000;

/**
 * Calls the user's function. A function that ignores its signal is left behind at the time-out: it cannot be stopped, but nothing that
 * it does later is recorded. A canceled one has until the time-out to end.
 */
export async function perform(
  call: (control: Control) => unknown,
  timeoutMs: number,
  { after, redact }: Pick<RunWorker, 'after' | 'redact'>,
): Promise<Performed> {
  const controller = new AbortController();
  const end = Promise.withResolvers<Performed>();
  let [open, lost] = [true, false];
  let continued: { readonly args: unknown } | undefined;
  const timedOut = () => new RunFault('timeout', `It did not end within ${timeoutMs / 1_000} s.`);
  const stops = [
    after(timeoutMs - Math.min(NOTICE_MS, timeoutMs / 10), () => controller.abort(timedOut())),
    after(timeoutMs, () =>
      end.resolve(lost ? { type: 'lost' } : { type: 'threw', failure: failureOf(timedOut(), redact) }),
    ),
  ];
  const control: Control = {
    signal: controller.signal,
    assertOpen: () => {
      if (lost) throw controller.signal.reason;
      if (!open) throw new Error('This attempt of the run has ended.');
    },
    lose: () => {
      if (!open || lost) return;
      lost = true;
      controller.abort(new Error('The run was canceled, or another worker has it.'));
    },
    continueWith: (args) => {
      continued = { args };
      throw new Error('run.continue() ends the attempt; do not catch this.');
    },
  };
  const settle = (otherwise: Performed) => {
    if (lost) end.resolve({ type: 'lost' });
    else end.resolve(continued ? { type: 'continued', ...continued } : otherwise);
  };
  const threw = (thrown: unknown) => {
    // A function that ends because of the signal throws its reason, or an error that says only `AbortError`.
    const aborted = controller.signal.aborted && thrown instanceof Error && thrown.name === 'AbortError';
    settle({ type: 'threw', failure: failureOf(aborted ? controller.signal.reason : thrown, redact) });
  };
  const called = async () => call(control);
  called().then((value) => settle({ type: 'returned', value }), threw);
  const performed = await end.promise;
  open = false;
  for (const stop of stops) stop();
  return performed;
}
