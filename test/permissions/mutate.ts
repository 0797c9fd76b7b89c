import type { LocalEvent } from '../../lib/local/cloud/log.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import type { Synthesis } from '../../lib/synth.ts';
import type { Grant } from './grants.ts';
import { walkThrough } from './scenario.ts';

/** What became of the service without one grant. */
export interface Outcome {
  readonly grant: Grant;
  /** The step that was under way when it was missed; absent if nothing was. */
  readonly brokenStep?: string;
  /** The refusal, word for word. */
  readonly refusal?: string;
}

/** The options of the stack, its backend among them. */
export type Config = Readonly<Record<string, string>>;

/** Runs the service without a grant until the grant is missed, or all has worked. */
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
  // What goes wrong after the refusal, or because of it, is no news; what goes wrong without one is no proof.
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
