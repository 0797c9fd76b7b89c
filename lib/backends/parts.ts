import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Config } from '../config.ts';
import type { MonitoringMetrics } from '../constructs/monitoring/metrics.ts';
import type { SesSending } from '../constructs/ses-sending.ts';
import type { DeadLetterQueue } from '../constructs/work-queue.ts';
import type { WorkerFunction } from '../constructs/worker-function.ts';

/** What a backend's own parts are made from. */
export interface BackendProps {
  readonly config: Config;
  readonly sesSending: SesSending;
  readonly deadLetterQueue: DeadLetterQueue;
  /** The value of the dimension `Deployment` of our own metrics. */
  readonly deployment: string;
}

/** What differs between the backends: where jobs and documents are, and what works on them. */
export interface BackendParts {
  /** What a function needs in its environment to write documents and to queue jobs. */
  readonly environment: Readonly<Record<string, string>>;
  readonly acceptStatements: readonly PolicyStatement[];
  readonly apiStatements: readonly PolicyStatement[];
  readonly feedbackStatements: readonly PolicyStatement[];
  readonly workers: {
    readonly send: WorkerFunction;
    readonly schedule: WorkerFunction;
    /** With `backend: 'redis'` the send function does its work. */
    readonly webhook?: WorkerFunction;
  };
  /** Its queues and dead letters, for alarms and dashboard. */
  readonly metrics: Pick<MonitoringMetrics, 'queues' | 'deadLetters' | 'deadLettersKept'>;
}
