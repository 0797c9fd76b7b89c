import type { Agent } from 'node:http';

/** Closes the connections that an agent keeps for reuse; those in use are left alone. */
export function closeIdle(agent: Agent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}
