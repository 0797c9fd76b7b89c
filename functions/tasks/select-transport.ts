import { chosenTransport } from '../core/run/accept/chosen-transport.ts';
import type { Transport } from '../core/run/accept/transport.ts';

/** The way of this process to the deployment, chosen at the first call. */
export const transport = (): Promise<Transport> => chosenTransport(fromEnvironment);

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
