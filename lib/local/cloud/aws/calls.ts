import { type AwsCall, callerName } from './call.ts';

/** How often one function called one action, and the DynamoDB units that took (when units are counted). */
export type CallCount = {
  functionName: string;
  service: string;
  action: string;
  count: number;
  readUnits: number;
  writeUnits: number;
};

/** Selects calls to count; a function by a part of its logical id. */
export type CallFilter = { functionName?: string; service?: string; action?: string };

/** Counts every AWS call made through the front. */
export type Calls = {
  /** Whether DynamoDB is asked for the capacity each call consumed; costs a little. */
  countUnits: boolean;
  snapshot: () => CallCount[];
  total: (filter?: CallFilter) => number;
  reset: () => void;
};

/** The counters, as the pipeline writes them. */
export type CallCounter = Calls & {
  count: (call: AwsCall) => void;
  addUnits: (call: AwsCall, units: { readUnits?: number; writeUnits?: number }) => void;
};

/** Creates counters at zero. */
export function createCalls(): CallCounter {
  const counts = new Map<string, CallCount>();
  const entryOf = (call: AwsCall): CallCount => {
    const functionName = callerName(call.caller);
    const key = `${functionName} ${call.service} ${call.action}`;
    const empty = { functionName, service: call.service, action: call.action, count: 0, readUnits: 0, writeUnits: 0 };
    const entry = counts.get(key) ?? empty;
    counts.set(key, entry);
    return entry;
  };
  return {
    countUnits: false,
    snapshot: () => [...counts.values()].map((count) => ({ ...count })),
    total: (filter = {}) =>
      [...counts.values()].filter((count) => matches(count, filter)).reduce((sum, { count }) => sum + count, 0),
    reset: () => counts.clear(),
    count: (call) => {
      entryOf(call).count += 1;
    },
    addUnits: (call, { readUnits = 0, writeUnits = 0 }) => {
      const entry = entryOf(call);
      entry.readUnits += readUnits;
      entry.writeUnits += writeUnits;
    },
  };
}

function matches(count: CallCount, filter: CallFilter): boolean {
  if (filter.functionName !== undefined && !count.functionName.includes(filter.functionName)) return false;
  if (filter.service !== undefined && count.service !== filter.service) return false;
  return filter.action === undefined || count.action === filter.action;
}
