import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

const LONGEST_RETENTION = Duration.days(14);

/** The queue of jobs that failed too often. All work queues share one: each job says from which queue it is. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string) {
    super(scope, id, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: LONGEST_RETENTION });
  }
}

export interface WorkQueueProps {
  readonly deadLetterQueue: DeadLetterQueue;
  /** How often a job is received before it goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
  /** The time limit of the function that works on the queue. */
  readonly workerTimeout: Duration;
  /** How long that function waits for a batch to fill; none if absent. */
  readonly maxBatchingWindow?: Duration | undefined;
  /** The time after which a job whose worker crashed is received again; from the other times if absent. */
  readonly visibilityTimeout?: Duration | undefined;
}

/** A queue of jobs for one function. */
export class WorkQueue extends Queue {
  /** The time after which a job whose worker crashed is received again. */
  readonly visibilityTimeout: Duration;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    const { deadLetterQueue, maxReceiveCount, workerTimeout, maxBatchingWindow } = props;
    // Time for Lambda to retry a throttled invocation before the job is visible again, and for the batch to fill.
    // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
    const visibilityTimeout =
      props.visibilityTimeout ??
      Duration.seconds(6 * workerTimeout.toSeconds() + (maxBatchingWindow?.toSeconds() ?? 0));
    super(scope, id, {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: LONGEST_RETENTION,
      visibilityTimeout,
      deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount },
    });
    this.visibilityTimeout = visibilityTimeout;
  }
}
