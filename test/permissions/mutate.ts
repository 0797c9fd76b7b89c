import type { LocalEvent } from '../../lib/local/cloud/log.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import type { Synthesis } from '../../lib/synth.ts';
import type { Grant } from './grants.ts';
import { walkThrough } from './scenario.ts';

/** The result of a run without one grant. */
export interface Outcome {
  readonly grant: Grant;
  /** The step in which the grant was missing; absent if every step worked. */
  readonly brokenStep?: string;
  /** The text of the refusal. */
  readonly refusal?: string;
}

/** Grants whose use the local cloud cannot see, with the reason for each. */
const unseen: Readonly<Record<string, string>> = {
  'xray:puttracesegments': "Lambda's own daemon sends the traces; there is none on a laptop",
  'xray:puttelemetryrecords': 'the same',
};

/** The options of the stack, with its backend. */
export type Config = Readonly<Record<string, string>>;

/** The stack, and the options it was made with. */
export type Stack = Synthesis & { readonly config: Config };

/** The steps that use a function's action, by both: those that use one of its grants first. */
export type FirstUses = ReadonlyMap<string, readonly string[]>;

/**
 * Runs the whole service with all grants, and notes which step uses each of them first.
 *
 * @throws if a call is denied, or a grant is not used.
 */
export async function findFirstUses({ config, ...synthesis }: Stack): Promise<FirstUses> {
  const uses = new Map<string, Set<string>>();
  const denied: string[] = [];
  const log = (event: LocalEvent) => {
    if (event.kind === 'denied') denied.push(`${event.functionName} ${event.action}`);
  };
  const local = await startLocalSendoff({ config, synthesis, log });
  const seen = ({ action }: { action: string }) => !('xray' in config && action in unseen);
  const unusedNow = () => Map.groupBy(local.cloud.unusedGrants().filter(seen), (grant) => JSON.stringify(grant));
  try {
    let step = 'the stack is created';
    let unused = unusedNow();
    const note = (next: string) => {
      const left = unusedNow();
      for (const [key, [grant, ...same]] of unused) {
        if (!grant || (left.get(key)?.length ?? 0) > same.length) continue;
        const functionName = /Sendoff(\w+Function)Role/.exec(grant.role)?.[1] ?? '';
        for (const action of grant.action.split(',')) {
          const use = useOf(functionName, action);
          uses.set(use, (uses.get(use) ?? new Set()).add(step));
        }
      }
      [step, unused] = [next, left];
    };
    await walkThrough(local, note);
    note('');
    if (denied.length + unused.size > 0)
      throw new Error(
        `backend=${config.backend}: denied ${denied.join(', ') || 'none'}; unused ${[...unused.keys()].join(', ') || 'none'}`,
      );
  } finally {
    await local.cloud.close();
  }
  return new Map([...uses].map(([use, steps]) => [use, [...steps]]));
}

/**
 * Runs the service without a grant until a call is refused, or every step has worked. The steps that are known to need it come first,
 * alone: most grants are missed there, in half the time.
 */
export async function runWithout(stack: Stack, grant: Grant, uses: FirstUses): Promise<Outcome> {
  const known = uses.get(useOf(grant.functionName, grant.action));
  // A step may fail alone, when it needs what an earlier one leaves: then all run.
  const outcome = known && (await walkWithout(stack, grant, known).catch(() => undefined));
  return outcome?.brokenStep === undefined ? walkWithout(stack, grant) : outcome;
}

async function walkWithout({ config, ...synthesis }: Stack, grant: Grant, only?: readonly string[]): Promise<Outcome> {
  let step = 'the stack is created';
  let missed: (refusal: string) => void = () => {};
  const refusal = new Promise<string>((resolve) => {
    missed = resolve;
  });
  const log = (event: LocalEvent) => {
    if (event.kind === 'denied' && isOf(event, grant)) missed(`${event.action}: ${event.reason}`);
  };
  const onStep = (name: string) => {
    step = name;
  };
  const walk = startLocalSendoff({ config, synthesis: { ...synthesis, template: grant.without() }, log }).then(
    async (local) => {
      try {
        await Promise.race([refusal, walkThrough(local, onStep, only)]);
      } finally {
        await local.cloud.close();
      }
    },
  );
  // A failure after a refusal follows from it. A failure without a refusal does not show that the grant is needed.
  const failure = await walk.then(
    () => undefined,
    (error: unknown) => error,
  );
  const said = await Promise.race([refusal, Promise.resolve(undefined)]);
  if (said !== undefined) return { grant, brokenStep: step, refusal: said };
  if (failure !== undefined) throw failure;
  return { grant };
}

const useOf = (functionName: string, action: string): string => `${functionName} ${action.toLowerCase()}`;

function isOf({ functionName, action }: Extract<LocalEvent, { kind: 'denied' }>, grant: Grant): boolean {
  return functionName.includes(grant.functionName) && action === grant.action;
}
