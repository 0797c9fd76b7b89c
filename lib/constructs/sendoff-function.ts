import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type CfnFunction,
  EventSourceMapping,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { functionCode } from '../function-code.ts';
import type { BackendName } from '../handlers.ts';
import { BATCH_SIZE } from '../queues.ts';
import { TASKS_METADATA } from '../tasks/bundle.ts';
import type { UserTasks } from '../tasks/user-tasks.ts';
import { acknowledge } from './acknowledge.ts';
import type { WorkQueue } from './work-queue.ts';

/** The options that all functions of a deployment share. */
export interface RuntimeOptions {
  readonly logLevel: Config['logLevel'];
  readonly logRetentionDays: RetentionDays;
  readonly xray: boolean;
  readonly backend: BackendName;
}

/** How jobs are gathered before the function is invoked. */
export interface BatchOptions {
  /** The most jobs of a batch; `BATCH_SIZE` unless given. */
  readonly batchSize?: number;
  /** How long Lambda waits for a batch to fill; it does not wait unless given. */
  readonly maxBatchingWindow?: Duration | undefined;
}

export interface SendoffFunctionProps {
  /** The folder in functions/ with the handler.ts that it runs. */
  readonly handler: string;
  readonly description: string;
  /**
   * The user's tasks, for a function that knows them: it gets their manifest beside its code. A handler that runs tasks is bundled with
   * the user's file.
   */
  readonly tasks?: UserTasks | undefined;
  /** It has the files of the web console beside its code. */
  readonly servesConsole?: boolean;
  /** The path of the user's file that it runs, as the option `tasks` gives it: `sendoff start` watches it. */
  readonly runsTasks?: string;
  /** The construct id of its log group, if the function was renamed: a renamed log group would lose its logs. */
  readonly logGroupId?: string;
  readonly timeout: Duration;
  readonly memoryMb: number;
  readonly environment: { readonly [name: string]: string };
  /** Everything its role may do, besides writing its own logs and traces. */
  readonly statements: readonly PolicyStatement[];
  readonly runtime: RuntimeOptions;
}

/**
 * A Lambda function of Sendoff: Node 24 on arm64, bundled as ESM, with its own log group and a role that has the given
 * statements and no managed policy.
 *
 * It reserves no concurrency: a new AWS account may have as few as 10, and none of these can be reserved.
 */
export class SendoffFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: SendoffFunctionProps) {
    const { logLevel, logRetentionDays, xray, backend } = props.runtime;
    const logGroup = new LogGroup(scope, props.logGroupId ?? `${id}Logs`, {
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    for (const statement of props.statements) role.addToPolicy(statement);
    super(scope, id, {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: (props.tasks?.code ?? functionCode)(props.handler, backend, props.servesConsole),
      handler: 'index.handler',
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Lambda's lines about each start and end cost more than Sendoff's own, and metrics say the same. Failed invocations and
      // time-outs are still logged. The application's level stays INFO, as which Lambda counts the lines of metrics.
      systemLogLevelV2: SystemLogLevel.WARN,
      timeout: props.timeout,
      memorySize: props.memoryMb,
      environment: {
        ...props.environment,
        LOG_LEVEL: logLevel,
        NODE_OPTIONS: '--enable-source-maps',
        ...(xray ? { TRACE_CALLS: 'true' } : {}),
      },
      // A worker retries by putting a new job on the queue that triggers it. Lambda would take that for a runaway loop and
      // stop it after 16 rounds; the retry policy ends it anyway.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
      ...(xray ? { tracing: Tracing.ACTIVE } : {}),
    });
    if (props.runsTasks) (this.node.defaultChild as CfnFunction).addMetadata(TASKS_METADATA, props.runsTasks);
    if (xray) acknowledge(role, { 'IAM5[Resource::*]': 'Traces: X-Ray has no resources that could be named.' });
  }

  /**
   * Lets the queue trigger this function with batches of jobs. The function reports the jobs that failed.
   * A batch has up to 10 jobs; a larger one needs a time to wait until it is full.
   */
  consume(
    id: string,
    queue: WorkQueue,
    maxConcurrency: number,
    { batchSize = BATCH_SIZE, maxBatchingWindow }: BatchOptions = {},
  ): EventSourceMapping {
    this.addToRolePolicy(
      new PolicyStatement({
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [queue.queueArn],
      }),
    );
    return new EventSourceMapping(this, id, {
      target: this,
      eventSourceArn: queue.queueArn,
      batchSize,
      ...(maxBatchingWindow ? { maxBatchingWindow } : {}),
      reportBatchItemFailures: true,
      maxConcurrency,
    });
  }
}
