import type { ExecutedCall, OnCall } from '../../../lib/local/cloud/aws/pipeline.ts';

/** Something that happened behind a click; times are epoch ms. */
export interface Step {
  readonly name: StepName;
  readonly startMs: number;
  readonly endMs: number;
}

export type StepName = 'request' | 'queue' | 'claim' | 'ses' | 'delivered';

/** The calls of AWS that concern an email, as the local cloud executed them. */
export interface CallHistory {
  readonly onCall: OnCall;
  /** Resolves with the steps of an email when its last call was executed. */
  stepsOf(emailId: string, last: 'ses' | 'delivered'): Promise<readonly Step[]>;
}

/** The calls of a few emails: the demo shows them a moment after they happened. */
const KEPT = 500;
/** Those that a step is made of; functions and event sources make many others. */
const SHOWN = /^(SendMessage|UpdateItem$|SendRawEmail$)/;

interface Call {
  readonly by: string;
  readonly action: string;
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Keeps the last calls of the functions, and tells which of them concern an email. */
export function createCallHistory(): CallHistory {
  const calls: Call[] = [];
  const waiting = new Set<() => void>();
  const callsFor = (emailId: string) => calls.filter(({ text }) => text.includes(emailId));
  return {
    onCall: (executed) => {
      if (!SHOWN.test(executed.call.action)) return;
      calls.push(callOf(executed));
      if (calls.length > KEPT) calls.shift();
      for (const check of waiting) check();
    },
    stepsOf: (emailId, last) =>
      new Promise((resolve) => {
        const check = () => {
          const steps = stepsIn(callsFor(emailId));
          if (!steps.some(({ name }) => name === last)) return;
          waiting.delete(check);
          resolve(steps);
        };
        waiting.add(check);
        check();
      }),
  };
}

function callOf({ call, answer, startedAtMs, endedAtMs }: ExecutedCall): Call {
  const by = call.caller.kind === 'function' ? call.caller.functionName : '';
  const { action } = call;
  return { by, action, text: `${call.body}${answer.body}`, startMs: startedAtMs, endMs: endedAtMs };
}

function stepsIn(calls: readonly Call[]): Step[] {
  const first = (action: RegExp, by = /./, text = /./) =>
    calls.find((call) => action.test(call.action) && by.test(call.by) && text.test(call.text));
  const queued = first(/^SendMessage/, /ApiFunction/);
  const claim = first(/^UpdateItem$/, /SendFunction/);
  const ses = first(/^SendRawEmail$/, /^/);
  const delivered = first(/^UpdateItem$/, /FeedbackFunction/, /delivered/);
  return [
    // Until a worker has the job, Lambda's wait for one included.
    ...(queued && claim ? [{ name: 'queue' as const, startMs: queued.endMs, endMs: claim.startMs }] : []),
    ...(claim ? [{ name: 'claim' as const, startMs: claim.startMs, endMs: claim.endMs }] : []),
    ...(ses ? [{ name: 'ses' as const, startMs: ses.startMs, endMs: ses.endMs }] : []),
    ...(delivered ? [{ name: 'delivered' as const, startMs: delivered.endMs, endMs: delivered.endMs }] : []),
  ];
}
