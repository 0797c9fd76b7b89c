import { openAssets } from './assets.ts';
import type { AwsCall, AwsService } from './aws/call.ts';
import { createDynamoDbService } from './aws/dynamodb.ts';
import { type CallerLookup, startFront } from './aws/front.ts';
import { createLambdaService } from './aws/lambda.ts';
import { createPipeline } from './aws/pipeline.ts';
import { createS3Service } from './aws/s3.ts';
import { createSesService } from './aws/ses.ts';
import { createSnsService } from './aws/sns.ts';
import { createSqsService } from './aws/sqs.ts';
import { type CallCounter, type Calls, createCalls } from './calls.ts';
import { type Emulators, startEmulators } from './emulators/emulators.ts';
import { createFaults, type Faults } from './faults.ts';
import { createGateway } from './gateway.ts';
import { createIam, type Decision, type Iam, type UnusedGrant } from './iam.ts';
import { createIdleWatch } from './idle.ts';
import type { EventSource } from './lambda/event-source.ts';
import type { LocalFunction } from './lambda/function.ts';
import { startRuntimeApi } from './lambda/runtime-api.ts';
import { createSandboxes } from './lambda/sandboxes.ts';
import type { Schedule } from './lambda/schedule.ts';
import type { LocalLog } from './log.ts';
import type { Overrides, ResourceContext } from './resources/context.ts';
import { functionCredentials } from './resources/lambda-function.ts';
import { createRegistry, typesWithoutBehaviour } from './resources/registry.ts';
import type { Ses } from './ses/ses.ts';
import type { SesOptions } from './ses/ses-options.ts';
import { createStack, resolveOutputs } from './stack.ts';
import type { CreatedResource, Scope, Template } from './template.ts';

/** fauxqs knows no other account. */
export const localAccountId = '000000000000';
const operatorCredentials = { accessKeyId: 'AKIALOCALOPERATOR000', secretAccessKey: 'local-operator' };
const defaultMaxInstances = 24;
const defaultAsyncRetryDelaysSeconds = [60, 120];

/** How a local cloud is started. */
export type LocalCloudOptions = {
  /** The synthesized template; it decides everything that is not said here. */
  template: Template;
  /** The cloud assembly (cdk.out) with the `asset.<hash>` folders. */
  assetDirectory: string;
  /** Port of the first API; 0: a free one. */
  port?: number;
  /** Port of the AWS front and the inbox; 0: a free one. */
  awsPort?: number;
  /** Keeps tables, queues, buckets and caught mail across restarts. */
  dataDirectory?: string | undefined;
  /** Prefix of physical names. */
  stackName?: string;
  region?: string;
  parameters?: Record<string, string>;
  ses?: Omit<SesOptions, 'publish' | 'dataDirectory' | 'region' | 'accountId'>;
  /** Added to every function's environment; wins over the template. */
  functionEnvironment?: Record<string, string>;
  /** Child processes at once, over all functions; who needs more waits. */
  maxInstances?: number;
  overrides?: Overrides;
  log?: LocalLog;
};

/** A running local cloud. */
export type LocalCloud = {
  /** URL of the first API; empty when the template has none. */
  apiUrl: string;
  /** `GET {inboxUrl}/messages` answers the caught mail. */
  inboxUrl: string;
  awsEndpoint: string;
  /** Keys that may do everything. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  region: string;
  outputs: Record<string, string>;
  ses: Ses;
  /** By logical id. */
  functions: Map<string, LocalFunction>;
  /** The function whose logical id is, or as the only one contains, `name`. */
  function: (name: string) => LocalFunction;
  /** The resource whose logical id is, or as the only one contains, `name`. */
  resource: (name: string) => CreatedResource;
  faults: Faults;
  calls: Calls;
  /** What IAM was asked so far. */
  permissions: () => Decision[];
  /** What roles grant and nobody needed so far. */
  unusedGrants: () => UnusedGrant[];
  /** Resolves when no queue with an event source holds a message, no invocation runs and no SES event waits. */
  idle: () => Promise<void>;
  /** Kills all children and closes all sockets; may be called twice. */
  close: () => Promise<void>;
};

/** Runs a synthesized template on this machine; throws when the template has something that cannot run here. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { region = 'us-east-1', log = () => {}, overrides = {} } = options;
  const accountId = localAccountId;
  const closers: (() => Promise<void>)[] = [];
  const close = once(async () => {
    for (const closer of closers.reverse()) await closer();
  });
  try {
    const assets = openAssets(options.assetDirectory);
    closers.push(assets.close);
    const emulators = await startEmulators({
      region,
      accountId,
      dataDirectory: options.dataDirectory,
      ses: options.ses ?? {},
    });
    closers.push(emulators.close);
    const runtimeApi = await startRuntimeApi();
    closers.push(runtimeApi.close);

    const functions = new Map<string, LocalFunction>();
    const [eventSources, schedules]: [EventSource[], Schedule[]] = [[], []];
    const [iam, faults, calls] = [createIam(), createFaults(), createCalls()];
    const idleWatch = createIdleWatch({
      queues: emulators.fauxqs.sqsStore,
      eventSources,
      functions,
      ses: emulators.ses,
    });
    const services = createServices(emulators, functions, iam, { region, accountId, calls });
    const killInstance = (id: string) => functions.get(id.split('/')[0] ?? '')?.killInstance(id);
    const pipeline = createPipeline({ services, iam, faults, calls, log, killInstance, onDone: idleWatch.changed });
    const pages = [{ prefix: '/inbox', serve: emulators.ses.inbox }];
    const front = await startFront({
      port: options.awsPort ?? 0,
      services,
      pipeline,
      callerOf: callerLookup(functions),
      pages,
    });
    closers.push(front.close);
    closers.push(() => stopFunctions(eventSources, functions));
    const gateway = createGateway({ port: options.port ?? 0, region, accountId, log });
    closers.push(gateway.close);
    closers.push(async () =>
      schedules.forEach((schedule) => {
        schedule.stop();
      }),
    );

    const context: ResourceContext = {
      region,
      accountId,
      stackName: options.stackName ?? 'sendoff',
      awsEndpoint: front.endpoint,
      runtimeApiAddress: runtimeApi.address,
      assetFolder: assets.folder,
      inlineFolder: assets.inlineFolder,
      functionEnvironment: options.functionEnvironment ?? {},
      overrides,
      ...emulators,
      iam,
      gateway,
      host: {
        runtimeApi,
        sandboxes: createSandboxes(options.maxInstances ?? defaultMaxInstances),
        log,
        asyncRetryDelaysSeconds: overrides.asyncRetryDelaysSeconds ?? defaultAsyncRetryDelaysSeconds,
        onSettled: idleWatch.changed,
      },
      pipeline,
      functions,
      eventSources,
      schedules,
      log,
    };
    const scope = createScope(options, context);
    await createStack(scope, createRegistry(context), typesWithoutBehaviour, log);
    return {
      apiUrl: gateway.firstUrl(),
      inboxUrl: `${front.endpoint}/inbox`,
      awsEndpoint: front.endpoint,
      credentials: operatorCredentials,
      region,
      outputs: resolveOutputs(scope),
      ses: emulators.ses,
      functions,
      function: (name) => findByName(functions, name),
      resource: (name) => findByName(scope.created, name),
      faults,
      calls,
      permissions: iam.decisions,
      unusedGrants: iam.unusedGrants,
      idle: idleWatch.idle,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run();
    return running;
  };
}

function createServices(
  { fauxqs, dynalite, ses }: Emulators,
  functions: Map<string, LocalFunction>,
  iam: Iam,
  { region, accountId, calls }: { region: string; accountId: string; calls: CallCounter },
): Map<string, AwsService> {
  const mayList = ({ caller }: AwsCall, bucketArn: string) =>
    caller.kind === 'operator' ||
    iam.check(caller.functionName, { action: 's3:ListBucket', resources: [bucketArn] }).allowed;
  const services = [
    createSqsService(fauxqs, accountId, region),
    createSnsService(fauxqs),
    createS3Service(fauxqs, mayList),
    createDynamoDbService(dynalite, calls, accountId, region),
    createSesService(ses, accountId, region),
    createLambdaService(functions, accountId, region),
  ];
  return new Map(services.map((service) => [service.name, service]));
}

function callerLookup(functions: Map<string, LocalFunction>): CallerLookup {
  const callers = new Map<string, string>();
  return (accessKeyId, sessionToken) => {
    if (accessKeyId === operatorCredentials.accessKeyId) return { kind: 'operator' };
    // Functions come one by one while the stack is created, and may call before the last one is there.
    if (!callers.has(accessKeyId)) {
      for (const logicalId of functions.keys()) callers.set(functionCredentials(logicalId).accessKeyId, logicalId);
    }
    const functionName = callers.get(accessKeyId);
    return functionName === undefined ? undefined : { kind: 'function', functionName, instanceId: sessionToken };
  };
}

async function stopFunctions(eventSources: EventSource[], functions: Map<string, LocalFunction>): Promise<void> {
  await Promise.all([
    ...eventSources.map((source) => source.close()),
    ...[...functions.values()].map((target) => target.close()),
  ]);
}

function createScope(options: LocalCloudOptions, context: ResourceContext): Scope {
  const { region, accountId, stackName } = context;
  const pseudoParameters = {
    'AWS::AccountId': accountId,
    'AWS::Region': region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stackName,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/local`,
  };
  return { template: options.template, created: new Map(), parameters: options.parameters ?? {}, pseudoParameters };
}

function findByName<T>(things: Map<string, T>, name: string): T {
  const exact = things.get(name);
  if (exact !== undefined) return exact;
  const found = [...things].filter(([logicalId]) => logicalId.includes(name));
  const [only] = found;
  if (only && found.length === 1) return only[1];
  const names = (found.length > 0 ? found : [...things]).map(([logicalId]) => logicalId).join(', ');
  throw new Error(`${found.length} logical ids contain "${name}": ${names}`);
}
