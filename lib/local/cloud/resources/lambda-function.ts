import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { functionCredentials } from '../lambda/credentials.ts';
import { functionEnvironment } from '../lambda/environment.ts';
import { createLocalFunction } from '../lambda/function.ts';
import { writingTo } from '../lambda/log-group.ts';
import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';
import { logGroupArn } from './logs-log-group.ts';

type Properties = {
  FunctionName?: string;
  Code: { S3Key?: string; ZipFile?: string };
  /** `Image` for a container. */
  PackageType?: string;
  Handler: string;
  Runtime: string;
  Layers?: string[];
  Role: string;
  MemorySize?: number;
  Timeout?: number;
  ReservedConcurrentExecutions?: number;
  Environment?: { Variables?: Record<string, string> };
  LoggingConfig?: { LogGroup?: string };
};

/** AWS::Lambda::Function: runs the asset's folder in child processes. */
export function lambdaFunction(context: ResourceContext): CreateResource {
  return async ({ logicalId, properties }) => {
    const wanted = properties as Properties;
    assertRunnable(wanted);
    const functionName = wanted.FunctionName ?? physicalName(context, logicalId);
    const arn = `arn:aws:lambda:${context.region}:${context.accountId}:function:${functionName}`;
    const taskRoot = await codeFolder(context, logicalId, wanted.Code);
    const memoryMegabytes = Number(wanted.MemorySize ?? 128);
    const timeoutSeconds = overriddenTimeout(context, logicalId, Number(wanted.Timeout ?? 3));
    const environment = functionEnvironment({
      functionName,
      handler: wanted.Handler,
      memoryMegabytes,
      taskRoot,
      region: context.region,
      runtimeApiAddress: context.host.runtimeApi.address,
      awsEndpoint: context.awsEndpoint,
      credentials: functionCredentials(logicalId),
      variables: stringified(wanted.Environment?.Variables ?? {}),
      extra: context.functionEnvironment,
    });
    const reservedConcurrency = wanted.ReservedConcurrentExecutions;
    const definition = {
      logicalId,
      functionName,
      arn,
      taskRoot,
      environment,
      memoryMegabytes,
      timeoutSeconds,
      reservedConcurrency,
    };
    const host = { ...context.host, log: functionLog(context, logicalId, wanted.LoggingConfig?.LogGroup) };
    context.functions.set(logicalId, createLocalFunction({ ...definition, maximumRetryAttempts: 2 }, host));
    context.iam.assume(logicalId, wanted.Role.slice(wanted.Role.lastIndexOf('/') + 1));
    return { ref: functionName, attributes: { Arn: arn } };
  };
}

function assertRunnable({ PackageType = 'Zip', Runtime, Layers = [] }: Properties): void {
  if (PackageType !== 'Zip') throw new Error('A function in a container image does not run locally');
  if (!Runtime.startsWith('nodejs')) throw new Error(`The runtime ${Runtime} does not run locally: only Node.js does`);
  if (Layers.length > 0) throw new Error('A function with layers does not run locally');
}

/** Without a log group in the template, Lambda creates one, and a managed policy permits to write to it. */
function functionLog(context: ResourceContext, logicalId: string, logGroup: string | undefined) {
  if (logGroup === undefined) return context.log;
  return writingTo(logGroupArn(context, logGroup), logicalId, context.iam, context.log);
}

async function codeFolder(context: ResourceContext, logicalId: string, code: Properties['Code']): Promise<string> {
  if (code.ZipFile === undefined) return context.assets.folder(String(code.S3Key));
  const folder = await context.assets.inlineFolder(logicalId);
  // By the ending, since a package.json above the folder may say that `.js` is a module.
  const isModule = /^\s*(import|export)\b/m.test(code.ZipFile);
  await writeFile(join(folder, isModule ? 'index.mjs' : 'index.cjs'), code.ZipFile);
  return folder;
}

function overriddenTimeout(context: ResourceContext, logicalId: string, timeoutSeconds: number): number {
  const local = context.overrides.functionTimeoutSeconds;
  if (local === undefined) return timeoutSeconds;
  context.log({
    kind: 'override',
    logicalId,
    property: 'Timeout',
    template: String(timeoutSeconds),
    local: String(local),
  });
  return local;
}

function stringified(variables: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
}
