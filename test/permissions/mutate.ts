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

/** The options of the stack, with its backend. */
export type Config = Readonly<Record<string, string>>;

/** Runs the service without a grant until a call is refused, or every step has worked. */
export async function runWithout(
  { config, ...synthesis }: Synthesis & { config: Config },
  grant: Grant,
): Promise<Outcome> {
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
        await Promise.race([refusal, walkThrough(local, onStep)]);
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

function isOf({ functionName, action }: Extract<LocalEvent, { kind: 'denied' }>, grant: Grant): boolean {
  return functionName.includes(grant.functionName) && action === grant.action;
}
