import type { Gateway } from '../api-gateway/gateway.ts';
import type { Assets } from '../assets.ts';
import type { Iam } from '../aws/iam.ts';
import type { Pipeline } from '../aws/pipeline.ts';
import type { SecretStore } from '../aws/secrets.ts';
import type { Dynalite } from '../emulators/dynalite.ts';
import type { Fauxqs } from '../emulators/fauxqs.ts';
import type { Schedule } from '../event-bridge/schedule.ts';
import type { EventSource } from '../lambda/event-source.ts';
import type { FunctionHost, LocalFunction } from '../lambda/function.ts';
import type { LocalLog } from '../log.ts';
import type { Overrides } from '../options.ts';
import type { Ses } from '../ses/ses.ts';

/** The parts that resources use, and the lists they register themselves in. */
export type ResourceContext = {
  region: string;
  accountId: string;
  stackName: string;
  awsEndpoint: string;
  assets: Assets;
  functionEnvironment: Record<string, string>;
  overrides: Overrides;
  dynalite: Dynalite;
  fauxqs: Fauxqs;
  ses: Ses;
  iam: Iam;
  secretStore: SecretStore;
  gateway: Gateway;
  host: FunctionHost;
  pipeline: Pipeline;
  /** By logical id. */
  functions: Map<string, LocalFunction>;
  eventSources: EventSource[];
  schedules: Schedule[];
  log: LocalLog;
};

/** A stable physical name, at most `limit` long: stack and logical id, as CloudFormation makes them. */
export function physicalName(context: ResourceContext, logicalId: string, limit = 64): string {
  return `${context.stackName.slice(0, limit - logicalId.length - 1)}-${logicalId}`.slice(-limit);
}

/** The function a name or an ARN names. */
export function findFunction(context: ResourceContext, nameOrArn: string): LocalFunction {
  const found = [...context.functions.values()].find(
    ({ functionName, arn }) => nameOrArn === functionName || nameOrArn === arn || nameOrArn.startsWith(`${arn}:`),
  );
  if (!found) throw new Error(`No function of this template is ${nameOrArn}`);
  return found;
}
