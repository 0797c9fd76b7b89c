import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Config } from '../config.ts';
import type { MonitoringMetrics } from '../constructs/monitoring/metrics.ts';
import type { SendoffFunction } from '../constructs/sendoff-function.ts';
import type { SesSending } from '../constructs/ses-sending.ts';
import type { DeadLetterQueue } from '../constructs/work-queue.ts';
import type { UserTasks } from '../tasks/user-tasks.ts';

/** The input of both backends. */
export interface BackendProps {
  readonly config: Config;
  readonly sesSending: SesSending;
  readonly deadLetterQueue: DeadLetterQueue;
  /** The value of the dimension `Deployment` of Sendoff's own metrics. */
  readonly deployment: string;
  /** The tasks of the option `tasks`. */
  readonly tasks: UserTasks | undefined;
}

/** The variables of a function that sends emails. */
export function sendVariables({ config, sesSending }: BackendProps): Record<string, string> {
  const { giveUpAfterHours, retentionDays } = config;
  return {
    CONFIGURATION_SET: sesSending.configurationSet.configurationSetName,
    // While its record is kept: otherwise nothing could say that it failed.
    GIVE_UP_AFTER_HOURS: String(Math.min(giveUpAfterHours, retentionDays * 24 - 1)),
    RETENTION_DAYS: String(retentionDays),
    ...broadcastVariables(config),
  };
}

/** The options of broadcasts, for the functions that send them and for the API, which shows their progress and sends their tests. */
export function broadcastVariables({ maxSendRate, broadcastFooter }: Config): Record<string, string> {
  return {
    ...(maxSendRate === undefined ? {} : { MAX_SEND_RATE: String(maxSendRate) }),
    ...(broadcastFooter ? {} : { BROADCAST_FOOTER: 'false' }),
  };
}

/** The parts of every backend: where documents and jobs are stored, and the functions that work on them. */
export interface BackendParts {
  /** The environment variables with which a function reads and writes documents and queues jobs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Permissions of a function that accepts emails; see `Sendoff.grantAccept`. */
  readonly acceptStatements: readonly PolicyStatement[];
  readonly apiStatements: readonly PolicyStatement[];
  readonly feedbackStatements: readonly PolicyStatement[];
  /** The backend's own functions, under their names in `Sendoff.functions`. */
  readonly functions: Readonly<Record<string, SendoffFunction>>;
  /** The one of these functions that sends emails. */
  readonly sender: SendoffFunction;
  /** The one of these functions that runs the user's tasks; undefined without the option `tasks`. */
  readonly tasks: SendoffFunction | undefined;
  /** Those of these functions that are invoked once a minute, by the id of their schedule. */
  readonly everyMinute: Readonly<Record<string, SendoffFunction>>;
  /** Its queues and dead letters, for alarms and dashboard. */
  readonly metrics: Pick<MonitoringMetrics, 'queues' | 'deadLetters' | 'deadLettersKept'>;
  /** Outputs of the stack, by which the CLI finds queues, documents and functions. */
  readonly outputs: Readonly<Record<string, string>>;
}
