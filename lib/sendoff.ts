import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type AwsParts, createAwsParts } from './backends/aws.ts';
import type { BackendParts } from './backends/parts.ts';
import { createRedisParts } from './backends/redis.ts';
import type { RedisAccess } from './backends/redis-access.ts';
import { type Config, parseConfig } from './config.ts';
import type { ApiEntry } from './constructs/api/entry.ts';
import { HttpEntry } from './constructs/api/http-entry.ts';
import { RestEntry } from './constructs/api/rest-entry.ts';
import { Feedback } from './constructs/feedback.ts';
import { MinuteSchedule } from './constructs/minute-schedule.ts';
import { deploymentName, longestWait, type MonitoringMetrics, sqsQueue } from './constructs/monitoring/metrics.ts';
import { Monitoring } from './constructs/monitoring/monitoring.ts';
import { acknowledgeReadingSenders, acknowledgeSenders, readingSenders } from './constructs/permissions.ts';
import { SesSending } from './constructs/ses-sending.ts';
import { TopicKey } from './constructs/topic-key.ts';
import { DeadLetterQueue } from './constructs/work-queue.ts';
import { WorkerFunction, type WorkerFunctionProps } from './constructs/worker-function.ts';

/** Any of the options of lib/config.ts, but for the stage, which is the stack's affair; their defaults, ranges and meanings stand there. */
export type SendoffProps = Partial<Omit<Config, 'stage'>>;

/** Under the 29 s after which API Gateway gives up (30 s an HTTP API): the function's own answer is the better one. */
const API_TIMEOUT = Duration.seconds(28);
const FEEDBACK_TIMEOUT = Duration.seconds(30);
const FEEDBACK_MEMORY_MB = 256;
const FEEDBACK_MAX_CONCURRENCY = 5;
/** A second's events together: those of one email are one read and one write, and a function starts once for many. */
const FEEDBACK_BATCH = { batchSize: 100, maxBatchingWindow: Duration.seconds(1) };

/**
 * The whole service: an HTTPS API that answers at once, queues, and a worker that sends through Amazon SES.
 * Throws a ConfigError that names the prop, its value and its range if one is out of it.
 *
 * @example
 * const mail = new Sendoff(stack, 'Mail', { domain: 'mail.example.com', maxConcurrency: 20 });
 * new CfnOutput(stack, 'MailApi', { value: mail.apiUrl });
 *
 * // A function that accepts emails without the HTTP hop:
 * mail.grantAccept(myFunction);
 * for (const [name, value] of Object.entries(mail.acceptEnvironment)) myFunction.addEnvironment(name, value);
 */
export class Sendoff extends Construct {
  /** Base URL of the API, without a slash at its end. */
  readonly apiUrl: string;
  /** Jobs that the system could not handle, from every queue of SQS: with `backend: 'redis'` that is the feedback's. */
  readonly deadLetterQueue: DeadLetterQueue;
  readonly functions: BackendParts['workers'] & { readonly api: WorkerFunction; readonly feedback: WorkerFunction };
  readonly feedback: Feedback;
  readonly api: ApiEntry;
  /** Alarms and dashboard; absent with `monitoring: false`. */
  readonly monitoring?: Monitoring;
  readonly sesSending: SesSending;
  /** What only `backend: 'aws'` has; undefined otherwise. */
  readonly aws: AwsParts | undefined;
  /** What only `backend: 'redis'` has; undefined otherwise. */
  readonly redis: RedisAccess | undefined;
  private readonly parts: BackendParts;
  /** What a function needs in its environment to accept emails, beside `grantAccept`. */
  readonly acceptEnvironment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: SendoffProps = {}) {
    super(scope, id);
    const config = parseConfig(props);
    this.sesSending = new SesSending(this, 'Outbound', config);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue');
    const { sesSending, deadLetterQueue } = this;
    const backendProps = { config, sesSending, deadLetterQueue, deployment: deploymentName(this) };
    if (config.backend === 'redis') {
      const parts = createRedisParts(this, backendProps);
      this.redis = parts.access;
      this.parts = parts;
    } else {
      this.aws = createAwsParts(this, backendProps);
      this.parts = this.aws;
    }
    this.acceptEnvironment = { ...this.parts.environment, RETENTION_DAYS: String(config.retentionDays) };
    const { api, feedback } = this.createFunctions(config);
    const { send, schedule, webhook } = this.parts.workers;
    this.functions = { api, send, schedule, feedback, ...(webhook ? { webhook } : {}) };
    const topicKey = config.encryptTopics ? new TopicKey(this, 'TopicKey') : undefined;
    this.feedback = new Feedback(this, 'Feedback', {
      configurationSet: this.sesSending.configurationSet,
      deadLetterQueue: this.deadLetterQueue,
      maxReceiveCount: config.maxReceiveCount,
      workerTimeout: FEEDBACK_TIMEOUT,
      maxBatchingWindow: FEEDBACK_BATCH.maxBatchingWindow,
      tracking: config.tracking,
      topicKey,
    });
    this.functions.feedback.consume('Feedback', this.feedback.queue, FEEDBACK_MAX_CONCURRENCY, FEEDBACK_BATCH);
    new MinuteSchedule(this, 'EveryMinute', this.functions.schedule);
    acknowledgeSenders(this);
    if (api.role) acknowledgeReadingSenders(api.role);
    this.api = this.createEntry(config);
    this.apiUrl = this.api.url;
    // Unsubscribe links lead here. With Redis the API's function names the send function, which then cannot wait for the API.
    this.functions.send.addEnvironment('PUBLIC_URL', this.redis ? this.api.earlyUrl : this.apiUrl);
    if (config.monitoring)
      this.monitoring = new Monitoring(this, 'Monitoring', { metrics: this.metrics(), topicKey, ...config });
  }

  /** The configuration set every email goes through. */
  get configurationSetName(): string {
    return this.sesSending.configurationSet.configurationSetName;
  }

  /** Lets a function of another part of the app accept emails without HTTP; it needs `acceptEnvironment` too. */
  grantAccept(grantee: IGrantable): Grant {
    const grants = this.parts.acceptStatements.map((statement) =>
      Grant.addToPrincipal({
        grantee,
        actions: statement.actions,
        resourceArns: statement.resources,
        conditions: statement.conditions,
      }),
    );
    return grants.reduce((all, grant) => all.combine(grant));
  }

  /** The queues; with `backend: 'redis'` there are none, and this throws. */
  get queues(): AwsParts['queues'] {
    return this.awsPart('queues');
  }

  /** The table of all documents; throws with `backend: 'redis'`. */
  get table(): AwsParts['table'] {
    return this.awsPart('table');
  }

  /** Where large bodies are; throws with `backend: 'redis'`. */
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

  /** What alarms and dashboard look at: a new queue or function belongs here. */
  private metrics(): MonitoringMetrics {
    const { queue } = this.feedback;
    const { queues, ...deadLetters } = this.parts.metrics;
    return {
      deployment: deploymentName(this),
      entry: this.api,
      queues: [...queues, sqsQueue(queue, { name: 'feedback', allowedAge: longestWait(queue) })],
      ...deadLetters,
      functions: this.functions,
      logGroupNames: Object.values(this.functions).map(({ logGroup }) => logGroup.logGroupName),
    };
  }

  private createFunctions(config: Config): Pick<Sendoff['functions'], 'api' | 'feedback'> {
    const create = (id: string, props: Omit<WorkerFunctionProps, 'runtime'>) =>
      new WorkerFunction(this, id, { ...props, runtime: config });
    return {
      api: create('ApiFunction', {
        handler: 'api',
        description: 'Answers the HTTP API: accepts emails and makes them durable',
        timeout: API_TIMEOUT,
        memoryMb: config.apiMemoryMb,
        environment: this.acceptEnvironment,
        statements: [...this.parts.apiStatements, readingSenders()],
      }),
      feedback: create('FeedbackFunction', {
        handler: 'feedback',
        description: 'Notes what Amazon SES reports about emails',
        timeout: FEEDBACK_TIMEOUT,
        memoryMb: FEEDBACK_MEMORY_MB,
        environment: this.parts.environment,
        statements: this.parts.feedbackStatements,
      }),
    };
  }
}
