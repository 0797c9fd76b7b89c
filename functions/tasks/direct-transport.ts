import { newId } from '../core/ids.ts';
import type { Transport } from '../core/run/accept/transport.ts';
import { createAcceptTransport } from '../core/run/group/transport.ts';
import { withoutPrefix } from '../runtime/accept/environment.ts';
import { openTasksBackend } from '../runtime/open-backend.ts';

/** Calls tasks without HTTP, from a function that has `grantAccept` and `acceptEnvironment` of a deployment with tasks. */
export async function createDirectTransport(): Promise<Transport> {
  const backend = await openTasksBackend(withoutPrefix(process.env));
  return createAcceptTransport({ backend, now: Date.now, newId });
}
