import { dirname } from 'node:path';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type AssetCode,
  Code,
  EventSourceMapping,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AssetHashType, DockerImage, type Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { type BackendName, bundle, handlerEntry } from '../bundle.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import type { WorkQueue } from './work-queue.ts';

/** Jobs a queue hands to one invocation; 10 is the most without a batching window. */
export const BATCH_SIZE = 10;

/** What all functions of a deployment have in common. */
export interface RuntimeOptions {
  readonly logLevel: Config['logLevel'];
  readonly logRetentionDays: RetentionDays;
  readonly xray: boolean;
  readonly backend: BackendName;
}

export interface WorkerFunctionProps {
  /** The folder in functions/ whose handler.ts it runs. */
  readonly handler: string;
  readonly description: string;
  /** The construct id of its log group, where that is not the function's: a log group that is renamed loses its logs. */
  readonly logGroupId?: string;
  readonly timeout: Duration;
  readonly memoryMb: number;
  readonly environment: { readonly [name: string]: string };
  /** Everything its role may do, besides writing its own log (and traces). */
  readonly statements: readonly PolicyStatement[];
  readonly runtime: RuntimeOptions;
}

/**
 * A Lambda function of ours: Node 24 on arm64, bundled as ESM, its own log group, and a role that may do what
 * its statements say and nothing else: no managed policy.
 *
 * No concurrency is reserved: an account new to AWS has as few as 10 in all, of which none can be reserved.
 */
export class WorkerFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: WorkerFunctionProps) {
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
      code: bundledCode(props.handler, backend),
      handler: 'index.handler',
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      timeout: props.timeout,
      memorySize: props.memoryMb,
      environment: {
        ...props.environment,
        LOG_LEVEL: logLevel,
        NODE_OPTIONS: '--enable-source-maps',
        ...(xray ? { TRACE_CALLS: 'true' } : {}),
      },
      // A worker retries by putting a new job on the queue that triggers it. Lambda takes that for a runaway loop and
      // stops it after 16 rounds; ours ends by itself, with the retry policy's last attempt.
      // https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      recursiveLoop: RecursiveLoop.ALLOW,
      ...(xray ? { tracing: Tracing.ACTIVE } : {}),
    });
    if (xray) acknowledge(role, { 'IAM5[Resource::*]': 'Traces: X-Ray has no resources that could be named.' });
  }

  /**
   * Lets the queue trigger this function with batches of jobs, of which it reports the jobs that did not end well.
   * Batches are of 10 at once, or larger ones that wait for their jobs.
   */
  consume(
    id: string,
    queue: WorkQueue,
    maxConcurrency: number,
    larger?: { readonly batchSize: number; readonly maxBatchingWindow: Duration },
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
      ...(larger ?? { batchSize: BATCH_SIZE }),
      reportBatchItemFailures: true,
      maxConcurrency,
    });
  }
}

/**
 * The bundle as an asset whose hash is that of its content. Three times as fast as NodejsFunction, which starts a
 * shell, npx and esbuild for each function, and whose source maps, and so hashes, depend on the output's path.
 */
function bundledCode(handler: string, backend: BackendName): AssetCode {
  const entry = handlerEntry(handler);
  return Code.fromAsset(dirname(entry), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Required by the type; used only if `tryBundle` declines, which it never does.
      image: DockerImage.fromRegistry('unused'),
      // Keeps apart, in an app with both, what the CDK would otherwise take for the same bundle.
      environment: { BACKEND: backend },
      local: {
        tryBundle: (outputDirectory) => {
          bundle(entry, outputDirectory, backend);
          return true;
        },
      },
    },
  });
}
