import type { LocalSendoffOptions } from '../../lib/local/start.ts';

/** The backend the flows run on: files that run them on another one set `FLOWS_BACKEND` before they import them. */
const { FLOWS_BACKEND = 'aws' } = process.env;

/** True when the flows run on Redis. */
export const onRedis = FLOWS_BACKEND === 'redis';

/** The options with the backend of the flows, unless they name one. */
export function onFlowsBackend(options: LocalSendoffOptions): LocalSendoffOptions {
  return { ...options, config: { ...(onRedis ? { backend: 'redis' } : {}), ...options.config } };
}
