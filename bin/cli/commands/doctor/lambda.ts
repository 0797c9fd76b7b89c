import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import type { Deployment } from '../../deployment.ts';

/** A function that sends emails, as it is deployed. */
export interface Sender {
  readonly memoryMb: number;
  /** With `backend=redis`: how many of it run at once; otherwise 0. */
  readonly maxConsumers: number;
  /** The most recipients a second that it uses; infinite without the option maxSendRate. */
  readonly maxSendRate: number;
}

/** The settings of Lambda that `doctor` reads. */
export interface LambdaReader {
  /** Concurrent executions of the account in this region. */
  limit(): Promise<number>;
  /** All event source mappings of the account in this region. */
  mappings(): Promise<EventSourceMappingConfiguration[]>;
  sender(functionName: string): Promise<Sender>;
  /** The environment variables of a function. */
  variables(functionName: string): Promise<Readonly<Record<string, string>>>;
}

/** Reads Lambda with the operator's identity. */
export function lambdaOf({ aws }: Deployment): LambdaReader {
  const open = async () => {
    const lambda = await import('@aws-sdk/client-lambda');
    return { ...lambda, client: new lambda.LambdaClient(aws) };
  };
  return {
    limit: async () => {
      const { client, GetAccountSettingsCommand } = await open();
      const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
      return AccountLimit?.ConcurrentExecutions ?? 0;
    },
    mappings: async () => {
      const { client, paginateListEventSourceMappings } = await open();
      const all: EventSourceMappingConfiguration[] = [];
      for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client }, {}))
        all.push(...EventSourceMappings);
      return all;
    },
    variables: async (FunctionName) => {
      const { client, GetFunctionConfigurationCommand } = await open();
      const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
      return Environment?.Variables ?? {};
    },
    sender: async (FunctionName) => {
      const { client, GetFunctionConfigurationCommand } = await open();
      const { MemorySize = 0, Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const { MAX_CONSUMERS = '0', MAX_SEND_RATE } = Environment?.Variables ?? {};
      return {
        memoryMb: MemorySize,
        maxConsumers: Number(MAX_CONSUMERS),
        maxSendRate: Number(MAX_SEND_RATE) || Number.POSITIVE_INFINITY,
      };
    },
  };
}
