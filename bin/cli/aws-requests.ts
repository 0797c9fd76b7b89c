import { type AwsRequest, awsRequest } from '../../functions/adapters/aws/request.ts';
import type { Deployment } from './deployment.ts';

const TIMEOUT_MS = 20_000;

/** Signed requests as the functions make them, with the operator's own identity: for services of whose SDK one call is needed. */
export function awsRequests({ aws, endpoint }: Deployment): (request: AwsRequest) => Promise<string> {
  return async (request) => {
    const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
    // Any client knows how the SDK finds credentials and region.
    const { config } = new CloudFormationClient(aws);
    const [credentials, region] = await Promise.all([config.credentials(), config.region()]);
    return awsRequest(request, { ...credentials, region, endpoint }, TIMEOUT_MS);
  };
}
