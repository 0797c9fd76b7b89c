import { Grant, type IGrantable, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type AwsParts, createAwsParts } from './aws-parts.ts';
import { type Config, parseConfig } from './config.ts';
import { EveryMinute } from './constructs/every-minute.ts';
import { HttpEntry } from './constructs/http-entry.ts';
import { Outbound } from './constructs/outbound.ts';
import * as permissions from './constructs/permissions.ts';
import { type RedisAccess, redisAccess } from './constructs/redis-access.ts';
import { redisFunctions } from './constructs/redis-functions.ts';
import { BATCH_SIZE, WorkerFunction, type WorkerFunctionProps } from './constructs/worker-function.ts';

/** Any of the options of lib/config.ts, but for the stage, which is the stack's affair; their defaults, ranges and meanings stand there. */
export type SendoffProps = Partial<Omit<Config, 'stage'>>;

/** Under the 30 s after which API Gateway gives up: the function's own answer is the better one. */
const API_TIMEOUT = Duration.seconds(28);
const SCHEDULE_TIMEOUT = Duration.seconds(60);
const SCHEDULE_MEMORY_MB = 256;

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
  readonly functions: {
    readonly api: WorkerFunction;
    readonly send: WorkerFunction;
    readonly schedule: WorkerFunction;
  };
  readonly api: HttpEntry;
  readonly outbound: Outbound;
  /** What only `backend: 'aws'` has; undefined otherwise. */
  readonly aws: AwsParts | undefined;
  /** What only `backend: 'redis'` has; undefined otherwise. */
  readonly redis: RedisAccess | undefined;
  private readonly acceptStatements: readonly PolicyStatement[];
  /** What a function needs in its environment to accept emails, beside `grantAccept`. */
  readonly acceptEnvironment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: SendoffProps = {}) {
    super(scope, id);
    const config = parseConfig(props);
    this.outbound = new Outbound(this, 'Outbound', config);
    const retention = { RETENTION_DAYS: String(config.retentionDays) };
    if (config.backend === 'redis') {
      const access = redisAccess(this, config);
      const { configurationSetName } = this;
      const sending = permissions.sending(this);
      const { send, schedule } = redisFunctions(this, { config, access, configurationSetName, sending });
      const names = { DRAIN_FUNCTION: send.functionName, WAKE_FUNCTION: schedule.functionName };
      this.acceptEnvironment = { ...access.environment, ...retention, ...names };
      this.acceptStatements = [access.statement, permissions.invoking(send)];
      this.redis = access;
      this.functions = { api: this.createApi(config, this.acceptStatements), send, schedule };
    } else {
      this.aws = createAwsParts(this, config);
      const resources = { ...this.aws, outbound: this.outbound };
      this.acceptEnvironment = { ...this.aws.environment, ...retention };
      this.acceptStatements = permissions.acceptStatements(resources);
      const api = this.createApi(config, permissions.apiStatements(resources));
      this.functions = { api, ...this.createAwsFunctions(config, resources) };
      this.functions.send.consume('Transactional', this.queues.transactional, config.maxConcurrency);
      this.functions.send.consume('Bulk', this.queues.bulk, config.bulkMaxConcurrency);
    }
    new EveryMinute(this, 'EveryMinute', this.functions.schedule);
    this.api = new HttpEntry(this, 'Http', {
      handler: this.functions.api,
      throttleRate: config.apiThrottleRate,
      throttleBurst: config.apiThrottleBurst,
      corsOrigins: config.corsOrigins,
      logRetentionDays: config.logRetentionDays,
    });
    this.apiUrl = this.api.url;
  }

  /** The configuration set every email goes through. */
  get configurationSetName(): string {
    return this.outbound.configurationSet.configurationSetName;
  }

  /** Lets a function of another part of the app accept emails without HTTP; it needs `acceptEnvironment` too. */
  grantAccept(grantee: IGrantable): Grant {
    const grants = this.acceptStatements.map((statement) =>
      Grant.addToPrincipal({ grantee, actions: statement.actions, resourceArns: statement.resources }),
    );
    return grants.reduce((all, grant) => all.combine(grant));
  }

  /** The queues; with `backend: 'redis'` there are none, and this throws. */
  get queues(): AwsParts['queues'] {
    return this.awsPart('queues');
  }

  /** Jobs that the system could not handle, from every queue; throws with `backend: 'redis'`. */
  get deadLetterQueue(): AwsParts['deadLetterQueue'] {
    return this.awsPart('deadLetterQueue');
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

  private createApi(config: Config, statements: readonly PolicyStatement[]): WorkerFunction {
    return new WorkerFunction(this, 'ApiFunction', {
      handler: 'api',
      description: 'Answers the HTTP API: accepts emails and makes them durable',
      timeout: API_TIMEOUT,
      memoryMb: config.apiMemoryMb,
      environment: this.acceptEnvironment,
      statements,
      runtime: config,
    });
  }

  private createAwsFunctions(config: Config, resources: AwsParts & permissions.Resources) {
    const create = (id: string, props: Omit<WorkerFunctionProps, 'runtime'>) =>
      new WorkerFunction(this, id, { ...props, runtime: config });
    return {
      send: create('SendFunction', {
        handler: 'send',
        description: 'Sends queued emails through Amazon SES',
        timeout: Duration.seconds(config.sendTimeoutSeconds),
        memoryMb: config.sendMemoryMb,
        environment: {
          ...resources.environment,
          CONFIGURATION_SET: this.configurationSetName,
          // All jobs of a batch at once: they wait for SES, not for the CPU.
          WORKER_CONCURRENCY: String(BATCH_SIZE),
        },
        statements: permissions.sendStatements(resources),
      }),
      schedule: create('ScheduleFunction', {
        handler: 'schedule',
        description: 'Queues scheduled emails shortly before they are due, and those whose job was lost',
        timeout: SCHEDULE_TIMEOUT,
        memoryMb: SCHEDULE_MEMORY_MB,
        environment: resources.environment,
        statements: permissions.scheduleStatements(resources),
      }),
    };
  }
}
