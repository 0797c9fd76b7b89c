import { createGateway, type Gateway } from './api-gateway/gateway.ts';
import { type Assets, openAssets } from './assets.ts';
import { type Calls, createCalls } from './aws/calls.ts';
import { createFaults, type Faults } from './aws/faults.ts';
import { type Front, startFront } from './aws/front.ts';
import { createIam, type Iam } from './aws/iam.ts';
import { createPipeline, type Pipeline } from './aws/pipeline.ts';
import { createSecretStore, type SecretStore } from './aws/secrets.ts';
import { createCallerLookup, createServices } from './aws/services.ts';
import { createMetrics, type Metrics } from './cloudwatch/metrics.ts';
import { type Emulators, startEmulators } from './emulators/emulators.ts';
import type { Schedule } from './event-bridge/schedule.ts';
import { createHostCheck } from './host-check.ts';
import { createIdleWatch, type IdleWatch } from './idle.ts';
import type { EventSource } from './lambda/event-source.ts';
import type { LocalFunction } from './lambda/function.ts';
import { type RuntimeApi, startRuntimeApi } from './lambda/runtime-api.ts';
import type { LocalCloudOptions } from './options.ts';
import { makePrivateDirectory } from './private-directory.ts';

/** fauxqs knows no other account. */
export const localAccountId = '000000000000';
/** Keys that may do everything. */
export const operatorCredentials = { accessKeyId: 'AKIALOCALOPERATOR000', secretAccessKey: 'local-operator' };

/** The parts that run before the first resource is created. */
export type Base = {
  region: string;
  assets: Assets;
  emulators: Emulators;
  runtimeApi: RuntimeApi;
  front: Front;
  gateway: Gateway;
  pipeline: Pipeline;
  iam: Iam;
  secretStore: SecretStore;
  /** The metrics that CloudWatch has read from the functions' logs. */
  metrics: Metrics;
  faults: Faults;
  calls: Calls;
  idleWatch: IdleWatch;
  /** Filled as the stack is created. */
  functions: Map<string, LocalFunction>;
  eventSources: EventSource[];
  schedules: Schedule[];
};

/** Registers a function that runs when the cloud closes. */
export type OnClose = (close: () => Promise<void>) => void;

/** Starts the parts that do not depend on the template: emulators, Runtime API, AWS front, gateway. */
export async function startBase(options: LocalCloudOptions, onClose: OnClose): Promise<Base> {
  const { region = 'us-east-1', dataDirectory, ses = {}, log = () => {} } = options;
  const accountId = localAccountId;
  const assets = openAssets(options.assetDirectory);
  onClose(assets.close);
  if (dataDirectory) makePrivateDirectory(dataDirectory);
  const emulators = await startEmulators({ region, accountId, dataDirectory, ses });
  onClose(emulators.close);
  const runtimeApi = await startRuntimeApi();
  onClose(runtimeApi.close);
  const created: Created = { functions: new Map(), eventSources: [], schedules: [] };
  const metrics = createMetrics();
  const aws = await startAws(options, { ...created, emulators, metrics, region, accountId });
  onClose(aws.front.close);
  onClose(() => stopFunctions(created));
  const { port = 0, hosts, inboxPath } = options;
  const pages = inboxPath ? [{ prefix: inboxPath, serve: emulators.ses.inbox }] : [];
  const gateway = createGateway({
    port,
    accountId,
    hostCheck: createHostCheck(hosts),
    pages,
    log,
    onAnswer: (dimensions, durationMs) =>
      metrics.put({ namespace: 'AWS/ApiGateway', name: 'Latency', dimensions }, [Math.round(durationMs)], Date.now()),
  });
  onClose(gateway.close);
  return { region, assets, emulators, runtimeApi, gateway, metrics, ...aws, ...created };
}

type Created = Pick<Base, 'functions' | 'eventSources' | 'schedules'>;

async function startAws(
  { log = () => {}, awsPort = 0, secrets = {}, hosts = [], onCall }: LocalCloudOptions,
  parts: Created & { emulators: Emulators; metrics: Metrics; region: string; accountId: string },
) {
  const { functions, eventSources, emulators } = parts;
  const iam = createIam((functionName, action, { resource, reason }) =>
    log({ kind: 'denied', functionName, action, resource, reason }),
  );
  const [faults, calls] = [createFaults(), createCalls()];
  const idleWatch = createIdleWatch({ functions, eventSources, queues: emulators.fauxqs.sqsStore, ses: emulators.ses });
  const secretStore = createSecretStore(secrets);
  const services = createServices({ ...parts, iam, calls, secretStore });
  const killInstance = (id: string) => functions.get(id.split('/')[0] ?? '')?.killInstance(id);
  const onDone = idleWatch.changed;
  const pipeline = createPipeline({ services, iam, faults, calls, log, killInstance, onDone, onCall });
  const callerOf = createCallerLookup(functions, operatorCredentials.accessKeyId);
  const pages = [{ prefix: '/inbox', serve: emulators.ses.inbox }];
  const front = await startFront({
    port: awsPort,
    services,
    pipeline,
    callerOf,
    pages,
    hostCheck: createHostCheck(hosts),
  });
  return { iam, secretStore, faults, calls, idleWatch, pipeline, front };
}

async function stopFunctions({ schedules, eventSources, functions }: Created): Promise<void> {
  for (const schedule of schedules) schedule.stop();
  // At once: event sources wait for batches that end when their instances are killed.
  await Promise.all([
    ...eventSources.map((source) => source.close()),
    ...[...functions.values()].map((target) => target.close()),
  ]);
}
