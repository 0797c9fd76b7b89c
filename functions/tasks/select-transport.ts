import type { Transport } from './transport.ts';

/** Shared by all copies of this package in a process: a bundle may hold several. */
const CHOSEN = Symbol.for('sendoff.transport');
const place = globalThis as { [CHOSEN]?: Promise<Transport> | undefined };

/** Sets the way that calls take from this process on; undefined: by the environment. For the tasks function, and for tests. */
export function setTransport(transport: Transport | undefined): void {
  place[CHOSEN] = transport && Promise.resolve(transport);
}

/** The way of this process to the deployment, chosen at the first call. */
export function transport(): Promise<Transport> {
  place[CHOSEN] ??= fromEnvironment().catch((error: unknown) => {
    place[CHOSEN] = undefined;
    throw error;
  });
  return place[CHOSEN];
}

/** Each way is loaded when it is used: a web process that calls by HTTP loads no client of AWS. */
async function fromEnvironment(): Promise<Transport> {
  const { SENDOFF_DEPLOYMENT, SENDOFF_URL, SENDOFF_API_KEY } = process.env;
  if (SENDOFF_DEPLOYMENT) return (await import('./direct-transport.ts')).createDirectTransport();
  if (SENDOFF_URL && SENDOFF_API_KEY)
    return (await import('./http-transport.ts')).createHttpTransport({ url: SENDOFF_URL, apiKey: SENDOFF_API_KEY });
  throw new Error(
    'To call a task, set SENDOFF_URL and SENDOFF_API_KEY, or give the function `grantAccept` and `acceptEnvironment` of the Sendoff construct',
  );
}
