import { callerName } from '../../lib/local/cloud/aws/call.ts';
import type { ExecutedCall } from '../../lib/local/cloud/aws/pipeline.ts';

/** Counts the receives of SQS that brought something; those that did not belong to the idle month. */
export interface ReceiveCounter {
  onCall(executed: ExecutedCall): void;
  reset(): void;
  /** Only of the functions whose logical id matches. */
  countOf(which: RegExp): number;
}

/** Makes a counter; its `onCall` is for the local cloud. */
export function createReceiveCounter(): ReceiveCounter {
  const counts = new Map<string, number>();
  return {
    onCall: ({ call, answer }) => {
      if (call.action !== 'ReceiveMessage' || !answer.body.includes('"MessageId"')) return;
      const name = callerName(call.caller);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    },
    reset: () => counts.clear(),
    countOf: (which) => [...counts].reduce((sum, [name, count]) => (which.test(name) ? sum + count : sum), 0),
  };
}
