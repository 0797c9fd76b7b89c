import { type AwsRequest, awsRequest } from '../../functions/adapters/aws/request.ts';
import { timeLimits } from '../../functions/adapters/time-limits.ts';
import type { Deployment } from './deployment.ts';

/** Sends one signed request to AWS and answers its body. */
export type SendAwsRequest = (request: AwsRequest) => Promise<string>;

/** Makes signed requests with the operator's identity, for services of which the CLI needs a single call. */
export function awsRequests({ aws, endpoint }: Deployment): SendAwsRequest {
  return async (request) => {
    const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
    // Any client knows how the SDK finds credentials and region.
    const { config } = new CloudFormationClient(aws);
    const [credentials, region] = await Promise.all([config.credentials(), config.region()]);
    return awsRequest(request, { ...credentials, region, endpoint }, timeLimits.cli.answerMs);
  };
}

/** One resource of the stack. */
export interface StackResource {
  readonly type: string;
  readonly logicalId: string;
  readonly physicalId: string;
}

/** All resources of a deployed stack, for those that no output names. */
export async function stackResources({ aws, stackName }: Deployment): Promise<StackResource[]> {
  const { CloudFormationClient, paginateListStackResources } = await import('@aws-sdk/client-cloudformation');
  const pages = paginateListStackResources({ client: new CloudFormationClient(aws) }, { StackName: stackName });
  const resources: StackResource[] = [];
  for await (const { StackResourceSummaries = [] } of pages) {
    for (const {
      ResourceType: type = '',
      LogicalResourceId: logicalId = '',
      PhysicalResourceId: physicalId = '',
    } of StackResourceSummaries)
      resources.push({ type, logicalId, physicalId });
  }
  return resources;
}
