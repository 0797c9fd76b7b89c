import type { AwsCall } from './call.ts';
import { callerName } from './call.ts';

/** The effect of a fault on a call. */
export type FaultEffect =
  | { kind: 'error'; status: number; code: string; message: string }
  /** The socket is destroyed; with `when: 'after'` the call was executed and only its answer is lost. */
  | { kind: 'drop' }
  /** SIGKILL of the calling function instance. */
  | { kind: 'kill' }
  | { kind: 'hold'; until: Promise<void> };

/** Selects the calls that a fault affects. */
export type FaultRule = {
  service: string;
  /** API action, `*` for all. */
  action: string;
  /** Part of the calling function's logical id; absent: any caller, the operator included. */
  functionName?: string;
  /** Sees the request's body and path (with query). */
  match?: (body: string, path: string) => boolean;
  /** How many calls are hit; absent: all. */
  times?: number;
  /** How many matching calls pass first. */
  skip?: number;
  when: 'before' | 'after';
  effect: FaultEffect;
};

/** A fault in place. */
export type FaultHandle = {
  /** Calls hit so far. */
  readonly hits: number;
  remove: () => void;
  /** Resolves at the first hit. */
  triggered: Promise<void>;
};

/** The faults of a local cloud. */
export type Faults = { add: (rule: FaultRule) => FaultHandle; clear: () => void };

/** The faults, as the pipeline sees them: `take` returns the effect on this call, if any. */
export type FaultSource = Faults & { take: (call: AwsCall, when: 'before' | 'after') => FaultEffect | undefined };

type Armed = { rule: FaultRule; hits: number; passed: number; trigger: () => void };

/** Makes an empty set of faults; the first one added that matches a call wins. */
export function createFaults(): FaultSource {
  const armed = new Set<Armed>();
  return {
    add: (rule) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const fault: Armed = { rule, hits: 0, passed: 0, trigger: resolve };
      armed.add(fault);
      return {
        get hits() {
          return fault.hits;
        },
        remove: () => void armed.delete(fault),
        triggered: promise,
      };
    },
    clear: () => armed.clear(),
    take: (call, when) => {
      if (armed.size === 0) return undefined;
      const fault = [...armed].find((candidate) => candidate.rule.when === when && hits(candidate, call));
      if (!fault) return undefined;
      fault.hits += 1;
      fault.trigger();
      return fault.rule.effect;
    },
  };
}

function hits(fault: Armed, call: AwsCall): boolean {
  const { rule } = fault;
  if (rule.service !== call.service || (rule.action !== '*' && rule.action !== call.action)) return false;
  if (fault.hits >= (rule.times ?? Number.POSITIVE_INFINITY)) return false;
  if (rule.functionName !== undefined && !callerName(call.caller).includes(rule.functionName)) return false;
  if (rule.match && !rule.match(call.body.toString(), call.path)) return false;
  fault.passed += 1;
  return fault.passed > (rule.skip ?? 0);
}
