import type { Deployment } from './deployment.ts';

/** One resource of the stack. */
export interface StackResource {
  readonly type: string;
  readonly logicalId: string;
  readonly physicalId: string;
}

/** All resources of a deployed stack: for what its outputs do not name. */
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
