import { holdCause, SENDING_KEY, type SendingState } from '../pacing/sending-state.ts';
import type { Backend } from '../ports/backend.ts';
import { type QueueName, queuesOf } from '../queues.ts';

/** How far the sweep has come: places (sort values) in the list of emails. */
export type SweepState = {
  /** All parts have been examined up to here; version 0.2 knows only this. */
  readonly sort?: string;
  /** Where each part has been examined up to. */
  readonly parts?: { readonly [part: string]: string };
  /** Where emails of a queue wait that were passed over, by `<queue>#<part>`. */
  readonly behind?: { readonly [queueAndPart: string]: string };
  /** When nothing of a queue was sent last because of a quota or a pause. */
  readonly heldAtMs?: { readonly [queue: string]: number };
};

const SWEEP_KEY = 'schedule#sweep';

/** Reads the state, with the queues of which nothing may be sent now. */
export async function readSweepState({
  backend: { table },
  now,
}: {
  readonly backend: Pick<Backend, 'table'>;
  readonly now: () => number;
}): Promise<SweepState> {
  const [state, sending] = (await table.getMany([SWEEP_KEY, SENDING_KEY])) as [SweepState?, SendingState?];
  const held = queuesOf('send').filter((queue) => sending && holdCause(sending, queue, now()));
  if (held.length === 0) return state ?? {};
  return { ...state, heldAtMs: { ...state?.heldAtMs, ...Object.fromEntries(held.map((queue) => [queue, now()])) } };
}

export async function saveSweepState({ table }: Pick<Backend, 'table'>, state: SweepState): Promise<void> {
  const { applied } = await table.update(SWEEP_KEY, { set: state });
  if (!applied) await table.insert({ key: SWEEP_KEY, fields: state });
}

/** When nothing of a queue was sent last; reads the state when it is asked first. */
export function createHeldTimes(
  dependencies: Parameters<typeof readSweepState>[0],
): (queue: QueueName) => Promise<number | undefined> {
  let state: Promise<SweepState> | undefined;
  return async (queue) => {
    state ??= readSweepState(dependencies);
    return (await state).heldAtMs?.[queue];
  };
}
