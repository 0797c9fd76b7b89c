import type { Deployment } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import type { OperatedBackend } from './operated-backend.ts';

/** Opens the backend that the deployment's outputs name. */
export async function openBackend(deployment: Deployment, terminal: Terminal): Promise<OperatedBackend> {
  if (!deployment.outputs.RedisNamespace) return (await import('./aws.ts')).openAwsBackend(deployment);
  return (await import('./redis.ts')).openRedisBackend(deployment, terminal);
}
