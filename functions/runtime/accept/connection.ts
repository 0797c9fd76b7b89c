import { createMetrics } from '../../adapters/metrics.ts';
import type { EmailAcceptDependencies } from '../../core/email/accept.ts';
import { newId } from '../../core/ids.ts';
import type { Backend } from '../../core/ports/backend.ts';
import { publishByJob } from '../../core/webhook/publish-task.ts';
import { type Environment, required, retentionMs } from '../env.ts';
import { withoutPrefix } from './environment.ts';

/** A connection to the deployment that the environment names. */
export interface Connection {
  readonly dependencies: EmailAcceptDependencies;
  /** Writes the metrics to the function's log, from which CloudWatch reads them. */
  readonly flush: () => void;
}

let connecting: Promise<Connection> | undefined;

/** The connection of this process, made by the first call. */
export function connection(): Promise<Connection> {
  connecting ??= connect().catch((cause: unknown) => {
    connecting = undefined;
    throw new Error(
      `${cause instanceof Error ? cause.message : cause}: this function needs the variables of the Sendoff construct's \`acceptEnvironment\``,
      { cause },
    );
  });
  return connecting;
}

async function connect(): Promise<Connection> {
  const metrics = createMetrics(required('SENDOFF_DEPLOYMENT'));
  const env = withoutPrefix(process.env);
  const backend = await openBackend(env);
  const publish = publishByJob(backend.broker);
  const dependencies = { backend, now: Date.now, newId, metrics, retentionMs: retentionMs(env), publish };
  return { dependencies, flush: metrics.flush };
}

/** The backend whose variables are set. Both are in the user's bundle, so the other one is not loaded. */
async function openBackend(env: Environment): Promise<Backend> {
  if (env.REDIS_NAMESPACE === undefined) return (await import('../aws.ts')).awsFromEnvironment(env);
  // Without this variable the client would take the calling function for the consumer.
  required('CONSUMER_FUNCTION', env);
  const [{ createRedisBackend }, { redisFromEnvironment }, { createLogger }] = await Promise.all([
    import('../../adapters/redis/backend.ts'),
    import('../redis.ts'),
    import('../../adapters/logger.ts'),
  ]);
  return createRedisBackend(redisFromEnvironment(createLogger(), env));
}
