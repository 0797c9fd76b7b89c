import { createMetrics } from '../../adapters/metrics.ts';
import { findTopic } from '../../core/audience/topics.ts';
import type { EmailAcceptDependencies } from '../../core/email/accept/accept.ts';
import { newId } from '../../core/ids.ts';
import { once } from '../../core/once.ts';
import { publishByJob } from '../../core/webhook/publish-task.ts';
import { required, retentionMs } from '../env.ts';
import { openBackend } from '../open-backend.ts';
import { withoutPrefix } from './environment.ts';

/** A connection to the deployment that the environment names. */
export interface Connection {
  readonly dependencies: EmailAcceptDependencies;
  /** Writes the metrics to the function's log, from which CloudWatch reads them. */
  readonly flush: () => void;
}

/** The connection of this process, made by the first call. */
export const connection = once(() =>
  connect().catch((cause: unknown) => {
    throw new Error(
      `${cause instanceof Error ? cause.message : cause}: this function needs the variables of the Sendoff construct's \`acceptEnvironment\``,
      { cause },
    );
  }),
);

async function connect(): Promise<Connection> {
  const metrics = createMetrics(required('SENDOFF_DEPLOYMENT'));
  const env = withoutPrefix(process.env);
  const backend = await openBackend(env);
  const publish = publishByJob(backend.broker);
  const checkTopic = (id: string) => findTopic(backend.table, id);
  const dependencies = { backend, now: Date.now, newId, metrics, retentionMs: retentionMs(env), publish, checkTopic };
  return { dependencies, flush: metrics.flush };
}
