import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { stackName } from '../../lib/stack-name.ts';
import { clientOptions } from './aws-clients.ts';
import type { StackConfig } from './cdk.ts';

/** The physical ids (names; ARNs for topics) of a deployed stack's resources of this type, by logical id. */
export async function resourcesOf(
  endpoint: string,
  { stage = '' }: StackConfig,
  type: string,
): Promise<Map<string, string>> {
  const client = new CloudFormationClient(clientOptions(endpoint));
  const found = new Map<string, string>();
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client },
    { StackName: stackName(stage) },
  ))
    for (const { ResourceType, LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries)
      if (ResourceType === type) found.set(LogicalResourceId, PhysicalResourceId);
  return found;
}

/** Adds variables to the environment of every function of a deployed stack. */
export async function addToEnvironments(
  endpoint: string,
  config: StackConfig,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const lambda = new LambdaClient(clientOptions(endpoint));
  for (const FunctionName of (await resourcesOf(endpoint, config, 'AWS::Lambda::Function')).values()) {
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const Variables = { ...Environment?.Variables, ...environment };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  }
}
