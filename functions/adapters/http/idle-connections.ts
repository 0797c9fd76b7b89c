import type { Agent } from 'node:http';

/** Closes the connections that an agent keeps for reuse, and none that is in use. */
export function closeIdle(agent: Agent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}
