import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { withPrefix } from '../functions/runtime/accept/environment.ts';
import { type AwsFunctions, type AwsParts, createAwsParts } from './backends/aws.ts';
import { type BackendParts, broadcastVariables } from './backends/parts.ts';
import { createRedisParts, type RedisFunctions, type RedisParts } from './backends/redis.ts';
import type { Config } from './config.ts';
import type { ApiEntry } from './constructs/api/entry.ts';
import { HttpEntry } from './constructs/api/http-entry.ts';
import { RestEntry } from './constructs/api/rest-entry.ts';
import { Feedback } from './constructs/feedback.ts';
import { MinuteSchedule } from './constructs/minute-schedule.ts';
import { deploymentName, type MonitoringMetrics, sqsQueueMetrics } from './constructs/monitoring/metrics.ts';
import { Monitoring } from './constructs/monitoring/monitoring.ts';
import { acknowledgeApiReads, acknowledgeSendThroughSes, operateStatements } from './constructs/permissions.ts';
import { SendoffFunction, type SendoffFunctionProps } from './constructs/sendoff-function.ts';
import { SesSending } from './constructs/ses-sending.ts';
import { readSesIdentities } from './constructs/statements.ts';
import { TopicKey } from './constructs/topic-key.ts';
import { DeadLetterQueue } from './constructs/work-queue.ts';
import { type UserTasks, userTasks } from './tasks/user-tasks.ts';

/** Shorter than the 29 s after which API Gateway gives up (30 s for an HTTP API), so that callers get the function's own answer. */
const API_TIMEOUT = Duration.seconds(28);
const FEEDBACK_TIMEOUT = Duration.seconds(30);
/** The most events in one batch: those of one email need one read and one write, and fewer functions start. */
const FEEDBACK_BATCH_SIZE = 100;

/** The Lambda functions of a deployment. The backend decides which of the optional ones exist. */
export type SendoffFunctions = Partial<AwsFunctions> &
  Partial<RedisFunctions> & {
    /** Answers the HTTP API. */
    readonly api: SendoffFunction;
    /** Records what SES reports about emails. */
    readonly feedback: SendoffFunction;
  };

/** Everything that Sendoff is made of, from checked options. Use `Sendoff` in an app: it checks its props. */
export class SendoffService extends Construct {
  /** Base URL of the API, without a slash at its end. */
  readonly apiUrl: string;
  /** API Gateway: an HTTP API, or a REST API with `api: 'rest'`. */
  readonly api: ApiEntry;
  /** The Lambda functions: `api`, `feedback`, and those of the backend. */
  readonly functions: SendoffFunctions;
  /** The SES configuration set, and with `domain` the DNS records to create. */
  readonly sesSending: SesSending;
  /** The SNS topic and the queue that bring the events of SES to the feedback function. */
  readonly feedback: Feedback;
  /** Jobs in SQS that failed too often. With `backend: 'redis'` only the feedback queue is in SQS. */
  readonly deadLetterQueue: DeadLetterQueue;
  /** Alarms and dashboard; undefined with `monitoring: false`. */
  readonly monitoring?: Monitoring;
  /** The parts of `backend: 'aws'`; undefined with another backend. */
  readonly aws: AwsParts | undefined;
  /** The parts of `backend: 'redis'`; undefined with another backend. */
  readonly redis: RedisParts | undefined;
  /** Environment variables for a function that has `grantAccept`; their names begin with `SENDOFF_`. */
  readonly acceptEnvironment: Readonly<Record<string, string>>;
  private readonly backend: BackendParts;
  private readonly userTasks: UserTasks | undefined;

  constructor(scope: Construct, id: string, config: Config) {
    super(scope, id);
    this.userTasks = config.tasks ? userTasks(config.tasks) : undefined;
    this.sesSending = new SesSending(this, 'Outbound', config);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue');
    const { sesSending, deadLetterQueue } = this;
    const backendProps = {
      config,
      sesSending,
      deadLetterQueue,
      deployment: deploymentName(this),
      tasks: this.userTasks,
    };
    if (config.backend === 'redis') this.backend = this.redis = createRedisParts(this, backendProps);
    else this.backend = this.aws = createAwsParts(this, backendProps);
    const acceptVariables = { ...this.backend.environment, RETENTION_DAYS: String(config.retentionDays) };
    this.acceptEnvironment = withPrefix(acceptVariables);
    const topicKey = config.encryptTopics ? new TopicKey(this, 'TopicKey') : undefined;
    const maxBatchingWindow = Duration.seconds(config.feedbackWindowSeconds);
    this.feedback = new Feedback(this, 'Feedback', {
      configurationSet: sesSending.configurationSet,
      deadLetterQueue,
      maxReceiveCount: config.maxReceiveCount,
      workerTimeout: FEEDBACK_TIMEOUT,
      maxBatchingWindow,
      tracking: config.tracking,
      topicKey,
    });
    this.functions = { ...this.createFunctions(config, acceptVariables), ...this.backend.functions };
    const batches = { batchSize: FEEDBACK_BATCH_SIZE, maxBatchingWindow };
    this.functions.feedback.consume('Feedback', this.feedback.queue, config.feedbackMaxConcurrency, batches);
    for (const [name, handler] of Object.entries(this.backend.everyMinute)) new MinuteSchedule(this, name, handler);
    acknowledgeSendThroughSes(this);
    if (this.functions.api.role) acknowledgeApiReads(this.functions.api.role);
    this.api = this.createEntry(config);
    if (this.api.metricName) this.functions.api.addEnvironment('REST_API_NAME', this.api.metricName);
    this.apiUrl = this.api.url;
    // The base of unsubscribe links. With Redis the API function refers to the sender, which so cannot depend on the API.
    this.backend.sender.addEnvironment('PUBLIC_URL', this.redis ? this.api.earlyUrl : this.apiUrl);
    if (config.monitoring)
      this.monitoring = new Monitoring(this, 'Monitoring', { metrics: this.metrics(), topicKey, ...config });
  }

  /** The name of the SES configuration set that every email is sent through. */
  get configurationSetName(): string {
    return this.sesSending.configurationSet.configurationSetName;
  }

  /** Lets a function of the app accept emails, and call your tasks by `.delay()`, without HTTP. The function also needs `acceptEnvironment`. */
  grantAccept(grantee: IGrantable): Grant {
    const grants = this.backend.acceptStatements.map(({ actions, resources: resourceArns, conditions }) =>
      Grant.addToPrincipal({ grantee, actions, resourceArns, conditions }),
    );
    return grants.reduce((all, grant) => all.combine(grant));
  }

  /**
   * The function that runs your tasks: `usersTable.grantReadData(mail.tasks)`, `mail.tasks.addEnvironment(…)`. Throws without the
   * option `tasks`.
   */
  get tasks(): SendoffFunction {
    const { tasks } = this.backend;
    if (!tasks)
      throw new Error("There is no function 'tasks': name the file that declares your tasks in the option 'tasks'");
    return tasks;
  }

  /** The SQS queues by name. Throws with `backend: 'redis'`. */
  get queues(): AwsParts['queues'] {
    return this.awsPart('queues');
  }

  /** The DynamoDB table of all documents. Throws with `backend: 'redis'`. */
  get table(): AwsParts['table'] {
    return this.awsPart('table');
  }

  /** The S3 bucket of the bodies that are too large for the table. Throws with `backend: 'redis'`. */
  get bodyBucket(): AwsParts['bodyBucket'] {
    return this.awsPart('bodyBucket');
  }

  private awsPart<Name extends keyof AwsParts>(name: Name): AwsParts[Name] {
    if (!this.aws) throw new Error(`There is no '${name}' with backend=redis: queues and documents are in Redis`);
    return this.aws[name];
  }

  private createEntry(config: Config): ApiEntry {
    const { apiDomain, apiCertificateArn } = config;
    const props = {
      handler: this.functions.api,
      throttleRate: config.apiThrottleRate,
      throttleBurst: config.apiThrottleBurst,
      customDomain: apiDomain ? { domainName: apiDomain, certificateArn: apiCertificateArn } : undefined,
      logRetentionDays: config.logRetentionDays,
    };
    return config.api === 'rest'
      ? new RestEntry(this, 'Rest', { ...props, accessLogs: config.restAccessLogs, xray: config.xray })
      : new HttpEntry(this, 'Http', { ...props, corsOrigins: config.corsOrigins });
  }

  private metrics(): MonitoringMetrics {
    const { queues, ...deadLetters } = this.backend.metrics;
    return {
      deployment: deploymentName(this),
      entry: this.api,
      queues: [
        ...queues,
        sqsQueueMetrics(this.feedback.queue, { name: 'feedback', concurrencyOption: 'feedbackMaxConcurrency' }),
      ],
      ...deadLetters,
      sender: this.backend.sender,
      functions: this.functions,
      logGroupNames: Object.values(this.functions).map(({ logGroup }) => logGroup.logGroupName),
    };
  }

  private createFunctions(
    config: Config,
    acceptVariables: Readonly<Record<string, string>>,
  ): Pick<SendoffFunctions, 'api' | 'feedback'> {
    const create = (id: string, props: Omit<SendoffFunctionProps, 'runtime'>) =>
      new SendoffFunction(this, id, { ...props, runtime: config });
    return {
      api: create('ApiFunction', {
        handler: 'api',
        description: 'Answers the HTTP API: stores accepted emails and queues them for sending',
        tasks: this.userTasks,
        servesConsole: config.console,
        timeout: API_TIMEOUT,
        memoryMb: config.apiMemoryMb,
        environment: {
          ...acceptVariables,
          ...(config.keyRateLimit > 0 ? { KEY_RATE_LIMIT: String(config.keyRateLimit) } : {}),
          ...(config.console ? { CONSOLE: 'true' } : {}),
          FEEDBACK_QUEUE_URL: this.feedback.queue.queueUrl,
          DEAD_LETTER_QUEUE_URL: this.deadLetterQueue.queueUrl,
          ...broadcastVariables(config),
        },
        statements: [
          ...this.backend.apiStatements,
          readSesIdentities(),
          ...operateStatements({ feedbackQueue: this.feedback.queue, deadLetterQueue: this.deadLetterQueue }),
        ],
      }),
      feedback: create('FeedbackFunction', {
        handler: 'feedback',
        description: 'Records what Amazon SES reports about emails',
        timeout: FEEDBACK_TIMEOUT,
        memoryMb: config.feedbackMemoryMb,
        environment: acceptVariables,
        statements: this.backend.feedbackStatements,
      }),
    };
  }
}
