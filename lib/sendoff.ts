import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { QueueName } from '../functions/core/ports.ts';
import { type Config, parseConfig } from './config.ts';
import type { ApiEntry } from './constructs/api-entry.ts';
import { BodyBucket } from './constructs/body-bucket.ts';
import { DocumentTable } from './constructs/document-table.ts';
import { EveryMinute } from './constructs/every-minute.ts';
import { Feedback } from './constructs/feedback.ts';
import { HttpEntry } from './constructs/http-entry.ts';
import { deploymentName, type Monitored } from './constructs/monitored.ts';
import { Monitoring } from './constructs/monitoring.ts';
import { Outbound } from './constructs/outbound.ts';
import * as permissions from './constructs/permissions.ts';
import { RestEntry } from './constructs/rest-entry.ts';
import { DeadLetterQueue, WorkQueue } from './constructs/work-queue.ts';
import { BATCH_SIZE, WorkerFunction, type WorkerFunctionProps } from './constructs/worker-function.ts';

/** Any of the options of lib/config.ts, but for the stage, which is the stack's affair; their defaults, ranges and meanings stand there. */
export type SendoffProps = Partial<Omit<Config, 'stage'>>;

/** Under the 29 s after which API Gateway gives up (30 s an HTTP API): the function's own answer is the better one. */
const API_TIMEOUT = Duration.seconds(28);
/** The longest a job waits by design: until it is due or tried again. */
const LONGEST_DELAY = Duration.minutes(15);
/** Bulk mail may take its time: 100,000 emails at the 14 a second of a new account take two hours. */
const BULK_PATIENCE = Duration.hours(4);
const SCHEDULE_TIMEOUT = Duration.seconds(60);
const SCHEDULE_MEMORY_MB = 256;
const FEEDBACK_TIMEOUT = Duration.seconds(30);
const FEEDBACK_MEMORY_MB = 256;
const FEEDBACK_MAX_CONCURRENCY = 5;
/** A second's events together: those of one email are one read and one write, and a function starts once for many. */
const FEEDBACK_BATCH = { batchSize: 100, maxBatchingWindow: Duration.seconds(1) };
/** Twice what an endpoint may take to answer. */
const WEBHOOK_TIMEOUT = Duration.seconds(30);
const WEBHOOK_MEMORY_MB = 256;

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
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  /** Jobs that the system could not handle, from every queue. */
  readonly deadLetterQueue: DeadLetterQueue;
  readonly table: DocumentTable;
  readonly bodyBucket: BodyBucket;
  readonly functions: {
    readonly api: WorkerFunction;
    readonly send: WorkerFunction;
    readonly schedule: WorkerFunction;
    readonly feedback: WorkerFunction;
    readonly webhook: WorkerFunction;
  };
  readonly feedback: Feedback;
  readonly api: ApiEntry;
  /** Alarms and dashboard; absent with `monitoring: false`. */
  readonly monitoring?: Monitoring;
  readonly outbound: Outbound;
  /** What a function needs in its environment to accept emails, beside `grantAccept`. */
  readonly acceptEnvironment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: SendoffProps = {}) {
    super(scope, id);
    const config = parseConfig(props);
    this.table = new DocumentTable(this, 'Table', config);
    this.bodyBucket = new BodyBucket(this, 'BodyBucket', config);
    this.outbound = new Outbound(this, 'Outbound', config);
    this.deadLetterQueue = new DeadLetterQueue(this, 'DeadLetterQueue');
    this.queues = this.createQueues(config);
    const backendEnvironment = this.createBackendEnvironment();
    this.acceptEnvironment = { ...backendEnvironment, RETENTION_DAYS: String(config.retentionDays) };
    this.functions = this.createFunctions(config, backendEnvironment);
    this.functions.send.consume('Transactional', this.queues.transactional, config.maxConcurrency);
    this.functions.send.consume('Bulk', this.queues.bulk, config.bulkMaxConcurrency);
    this.functions.webhook.consume('Webhook', this.queues.webhook, config.webhookMaxConcurrency);
    this.feedback = new Feedback(this, 'Feedback', {
      configurationSet: this.outbound.configurationSet,
      deadLetterQueue: this.deadLetterQueue,
      maxReceiveCount: config.maxReceiveCount,
      workerTimeout: FEEDBACK_TIMEOUT,
      maxBatchingWindow: FEEDBACK_BATCH.maxBatchingWindow,
      tracking: config.tracking,
    });
    this.functions.feedback.consume('Feedback', this.feedback.queue, FEEDBACK_MAX_CONCURRENCY, FEEDBACK_BATCH);
    new EveryMinute(this, 'EveryMinute', this.functions.schedule);
    permissions.acknowledgeWildcards(this, this);
    this.api = this.createEntry(config);
    this.apiUrl = this.api.url;
    // Unsubscribe links lead here.
    this.functions.send.addEnvironment('PUBLIC_URL', this.apiUrl);
    if (config.monitoring)
      this.monitoring = new Monitoring(this, 'Monitoring', { monitored: this.monitored(), ...config });
  }

  /** The configuration set every email goes through. */
  get configurationSetName(): string {
    return this.outbound.configurationSet.configurationSetName;
  }

  /** Lets a function of another part of the app accept emails without HTTP; it needs `acceptEnvironment` too. */
  grantAccept(grantee: IGrantable): Grant {
    const grants = permissions
      .acceptStatements(this)
      .map((statement) =>
        Grant.addToPrincipal({ grantee, actions: statement.actions, resourceArns: statement.resources }),
      );
    return grants.reduce((all, grant) => all.combine(grant));
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
  private monitored(): Monitored {
    const longestWait = ({ visibilityTimeout }: WorkQueue) => LONGEST_DELAY.plus(visibilityTimeout);
    const { transactional, bulk, webhook } = this.queues;
    return {
      deployment: deploymentName(this),
      entry: this.api,
      queues: [
        { name: 'transactional', queue: transactional, allowedAge: longestWait(transactional) },
        { name: 'bulk', queue: bulk, allowedAge: longestWait(bulk).plus(BULK_PATIENCE) },
        { name: 'webhook', queue: webhook, allowedAge: longestWait(webhook) },
        { name: 'feedback', queue: this.feedback.queue, allowedAge: longestWait(this.feedback.queue) },
      ],
      deadLetterQueue: this.deadLetterQueue,
      functions: this.functions,
      logGroupNames: Object.values(this.functions).map(({ logGroup }) => logGroup.logGroupName),
    };
  }

  private createQueues({ sendTimeoutSeconds, maxReceiveCount }: Config): Record<QueueName, WorkQueue> {
    const props = {
      deadLetterQueue: this.deadLetterQueue,
      maxReceiveCount,
      workerTimeout: Duration.seconds(sendTimeoutSeconds),
    };
    return {
      transactional: new WorkQueue(this, 'TransactionalQueue', props),
      bulk: new WorkQueue(this, 'BulkQueue', props),
      webhook: new WorkQueue(this, 'WebhookQueue', { ...props, workerTimeout: WEBHOOK_TIMEOUT }),
    };
  }

  private createBackendEnvironment(): Record<string, string> {
    return {
      TABLE_NAME: this.table.tableName,
      BODY_BUCKET: this.bodyBucket.bucketName,
      TRANSACTIONAL_QUEUE_URL: this.queues.transactional.queueUrl,
      BULK_QUEUE_URL: this.queues.bulk.queueUrl,
      WEBHOOK_QUEUE_URL: this.queues.webhook.queueUrl,
      DEPLOYMENT: deploymentName(this),
    };
  }

  private createFunctions(config: Config, backendEnvironment: Record<string, string>): Sendoff['functions'] {
    const create = (id: string, props: Omit<WorkerFunctionProps, 'runtime'>) =>
      new WorkerFunction(this, id, { ...props, runtime: config });
    return {
      api: create('ApiFunction', {
        handler: 'api',
        description: 'Answers the HTTP API: accepts emails and makes them durable',
        timeout: API_TIMEOUT,
        memoryMb: config.apiMemoryMb,
        environment: this.acceptEnvironment,
        statements: permissions.apiStatements(this),
      }),
      send: create('SendFunction', {
        handler: 'send',
        description: 'Sends queued emails through Amazon SES',
        timeout: Duration.seconds(config.sendTimeoutSeconds),
        memoryMb: config.sendMemoryMb,
        environment: {
          ...backendEnvironment,
          CONFIGURATION_SET: this.configurationSetName,
          // All jobs of a batch at once: they wait for SES, not for the CPU.
          WORKER_CONCURRENCY: String(BATCH_SIZE),
        },
        statements: permissions.sendStatements(this),
      }),
      schedule: create('ScheduleFunction', {
        handler: 'schedule',
        description: 'Queues scheduled emails shortly before they are due, and those whose job was lost',
        timeout: SCHEDULE_TIMEOUT,
        memoryMb: SCHEDULE_MEMORY_MB,
        environment: backendEnvironment,
        statements: permissions.scheduleStatements(this),
      }),
      feedback: create('FeedbackFunction', {
        handler: 'feedback',
        description: 'Notes what Amazon SES reports about emails',
        timeout: FEEDBACK_TIMEOUT,
        memoryMb: FEEDBACK_MEMORY_MB,
        environment: backendEnvironment,
        statements: permissions.feedbackStatements(this),
      }),
      webhook: create('WebhookFunction', {
        handler: 'webhook',
        description: 'Tells endpoints what happened',
        timeout: WEBHOOK_TIMEOUT,
        memoryMb: WEBHOOK_MEMORY_MB,
        environment: { ...backendEnvironment, WORKER_CONCURRENCY: String(BATCH_SIZE) },
        statements: permissions.webhookStatements(this),
      }),
    };
  }
}
