import assert from 'node:assert/strict';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientOptions } from './aws-clients.ts';
import { sendQueueUrls } from './queues.ts';

type Outputs = Readonly<Record<string, string>>;

/**
 * The API's URL from this machine. The output is right on AWS; on an emulator it has a host name that only the emulator
 * resolves (`<id>.execute-api.localhost`). Both emulators also serve the API under a path of their own.
 */
export function reachableUrl(endpoint: string, outputs: Outputs, isLocalStack: boolean): string {
  const { hostname, pathname } = new URL(outputs.ApiUrl ?? '');
  const [id] = hostname.split('.');
  const stage = pathname.replaceAll('/', '');
  if (stage && !isLocalStack) return `${endpoint}/restapis/${id}/${stage}/_user_request_`;
  return `${endpoint}/_aws/execute-api/${id}/${stage || '$default'}`;
}

/**
 * Makes the jobs of a killed function visible after seconds instead of the template's six minutes: the end-to-end suite
 * and the updates under load kill functions on purpose. The local cloud's `overrides` do the same. Changes nothing with
 * `backend=redis`.
 */
export async function shortenTimes(endpoint: string, outputs: Outputs): Promise<void> {
  if (sendQueueUrls(outputs).length === 0) return;
  const { lambda, sqs } = clients(endpoint);
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: outputs.SendFunctionName, Timeout: 6 }));
  for (const QueueUrl of sendQueueUrls(outputs))
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '9' } }));
}

/** Enables or disables the queues' triggers of the send function. With `backend=aws` only. */
export async function setWorking(endpoint: string, outputs: Outputs, Enabled: boolean): Promise<void> {
  const { lambda } = clients(endpoint);
  for (const { UUID } of await mappingsOf(lambda, outputs))
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
}

/** Sets the clock of all functions ahead, so that emails scheduled for then are due now. */
export async function setClocksAhead(endpoint: string, outputs: Outputs, seconds: number): Promise<void> {
  const { lambda } = clients(endpoint);
  for (const [name, FunctionName] of Object.entries(outputs)) {
    if (!name.endsWith('FunctionName')) continue;
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const Variables = { ...Environment?.Variables, NODE_OPTIONS: clockAhead(seconds) };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
}

/** NODE_OPTIONS that set a process's clock ahead; `new Date()` stays right, because the SDK signs with it. */
export function clockAhead(seconds: number): string {
  const code = `{const now=Date.now;Date.now=()=>now()+${seconds * 1000}}`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

/** The value of `retentionDays` in the API function. */
export async function liveRetentionDays(endpoint: string, { ApiFunctionName: FunctionName }: Outputs): Promise<number> {
  const { lambda } = clients(endpoint);
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  return Number(Environment?.Variables?.RETENTION_DAYS);
}

/** Options of a deployment, as its transactional queue and its send function have them. */
export interface LiveConfig {
  readonly sendTimeoutSeconds: number;
  readonly visibilityTimeoutSeconds: number;
  readonly maxReceiveCount: number;
  readonly maxConcurrency: number;
}

/** Reads the options from the resources. With `backend=aws` only. */
export async function liveConfig(endpoint: string, outputs: Outputs): Promise<LiveConfig> {
  const { lambda, sqs } = clients(endpoint);
  const send = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: outputs.SendFunctionName }));
  const QueueUrl = outputs.TransactionalQueueUrl;
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  const queueName = QueueUrl?.split('/').at(-1) ?? '';
  const mapping = (await mappingsOf(lambda, outputs)).find(({ EventSourceArn }) =>
    EventSourceArn?.endsWith(`:${queueName}`),
  );
  assert(Attributes.RedrivePolicy, 'the queue has no redrive policy: failing jobs would never leave it');
  return {
    sendTimeoutSeconds: send.Timeout ?? 0,
    visibilityTimeoutSeconds: Number(Attributes.VisibilityTimeout),
    maxReceiveCount: Number(JSON.parse(Attributes.RedrivePolicy).maxReceiveCount),
    maxConcurrency: mapping?.ScalingConfig?.MaximumConcurrency ?? 0,
  };
}

async function mappingsOf(lambda: LambdaClient, { SendFunctionName: FunctionName }: Outputs) {
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
  return EventSourceMappings;
}

function clients(endpoint: string) {
  return { lambda: new LambdaClient(clientOptions(endpoint)), sqs: new SQSClient(clientOptions(endpoint)) };
}
