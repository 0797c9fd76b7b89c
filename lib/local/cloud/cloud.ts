import type { Calls } from './aws/calls.ts';
import type { Faults } from './aws/faults.ts';
import type { Decision, UnusedGrant } from './aws/iam.ts';
import { type Base, localAccountId, type OnClose, operatorCredentials, startBase } from './base.ts';
import { collectMetrics } from './cloudwatch/embedded-metrics.ts';
import { createAccountConcurrency } from './lambda/concurrency.ts';
import type { LocalFunction } from './lambda/function.ts';
import { createSandboxes } from './lambda/sandboxes.ts';
import type { LocalCloudOptions } from './options.ts';
import type { ResourceContext } from './resources/context.ts';
import { createRegistry, typesWithoutBehaviour } from './resources/registry.ts';
import type { Ses } from './ses/ses.ts';
import { createStack, resolveOutputs } from './stack.ts';
import type { CreatedResource, Scope } from './template.ts';

const defaultMaxInstances = 24;

const defaultAsyncRetryDelaysSeconds = [60, 120];

/*
 * The local cloud runs a CloudFormation template on this machine:
 *
 *   base.ts        starts the emulators (SQS, SNS, S3, DynamoDB, SES), Lambda's Runtime API, the AWS front and the gateway
 *   stack.ts       walks through the template in the order of its references, resolves intrinsics (template.ts)
 *   resources/     turns each resource into calls on the emulators, functions, routes, event sources
 *   lambda/        runs functions in child processes, which call AWS at the front
 *   aws/           front: signature → service → call counted, checked against the caller's role, faulted, executed
 *   api-gateway/   HTTP requests → events → functions → HTTP responses
 */

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
  /** Replaces the code of a function by that in a folder; invocations that run end with the code that they began with. */
  updateCode: (logicalId: string, directory: string) => void;
  /** The resource whose logical id is, or as the only one contains, `name`. */
  resource: (name: string) => CreatedResource;
  faults: Faults;
  calls: Calls;
  /** The decisions of IAM so far. */
  permissions: () => Decision[];
  /** Permissions of roles that no call needed so far. */
  unusedGrants: () => UnusedGrant[];
  /** Resolves when no queue with an event source holds a message, no invocation runs and no SES event waits. */
  idle: () => Promise<void>;
  /** Kills all children and closes all sockets; may be called twice. */
  close: () => Promise<void>;
};

/** Runs a synthesized template on this machine; throws when the template has something that cannot run here. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const closers: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll(closers);
    return closing;
  };
  try {
    return await createCloud(options, (closer) => void closers.unshift(closer), close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Last started, first closed: functions before the emulators they use. */
async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  for (const closer of closers) await closer();
}

async function createCloud(
  options: LocalCloudOptions,
  onClose: OnClose,
  close: () => Promise<void>,
): Promise<LocalCloud> {
  const base = await startBase(options, onClose);
  const context = createContext(options, base);
  const scope = createScope(options, context);
  await createStack(scope, createRegistry(context), typesWithoutBehaviour, context.log, options.skipUnknown);
  return {
    apiUrl: base.gateway.firstUrl(),
    inboxUrl: `${base.front.endpoint}/inbox`,
    awsEndpoint: base.front.endpoint,
    credentials: operatorCredentials,
    region: base.region,
    outputs: resolveOutputs(scope),
    ses: base.emulators.ses,
    functions: base.functions,
    function: (name) => findByName(base.functions, name),
    updateCode: (logicalId, directory) => findByName(base.functions, logicalId).updateCode(directory),
    resource: (name) => findByName(scope.created, name),
    faults: base.faults,
    calls: base.calls,
    permissions: base.iam.decisions,
    unusedGrants: base.iam.unusedGrants,
    idle: base.idleWatch.idle,
    close,
  };
}

function createContext(options: LocalCloudOptions, base: Base): ResourceContext {
  const { overrides = {}, maxInstances = defaultMaxInstances } = options;
  const log = collectMetrics(base.metrics, options.log ?? (() => {}));
  return {
    ...base,
    ...base.emulators,
    accountId: localAccountId,
    stackName: options.stackName ?? 'local',
    awsEndpoint: base.front.endpoint,
    functionEnvironment: options.functionEnvironment ?? {},
    overrides,
    log,
    host: {
      runtimeApi: base.runtimeApi,
      sandboxes: createSandboxes(maxInstances),
      concurrency: createAccountConcurrency(options.lambdaConcurrency ?? Number.POSITIVE_INFINITY),
      log,
      asyncRetryDelaysSeconds: overrides.asyncRetryDelaysSeconds ?? defaultAsyncRetryDelaysSeconds,
      onSettled: base.idleWatch.changed,
    },
  };
}

function createScope(options: LocalCloudOptions, { region, accountId, stackName, gateway }: ResourceContext): Scope {
  const pseudoParameters = {
    'AWS::AccountId': accountId,
    'AWS::Region': region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stackName,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/local`,
  };
  return {
    template: options.template,
    created: new Map(),
    parameters: options.parameters ?? {},
    pseudoParameters,
    localize: gateway.localUrls,
  };
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
