import type { Transport } from './transport.ts';

/** Shared by all copies of this file in a process: a bundle may hold several. */
const CHOSEN = Symbol.for('sendoff.transport');
const place = globalThis as { [CHOSEN]?: Promise<Transport> | undefined };

/** Sets the way that calls of tasks take from this process on; undefined: by the environment. For the tasks function, and for tests. */
export function setTransport(transport: Transport | undefined): void {
  place[CHOSEN] = transport && Promise.resolve(transport);
}

/** The way of this process to the deployment; `choose` is called at the first call, unless one was set. */
export function chosenTransport(choose: () => Promise<Transport>): Promise<Transport> {
  place[CHOSEN] ??= choose().catch((error: unknown) => {
    place[CHOSEN] = undefined;
    throw error;
  });
  return place[CHOSEN];
}
