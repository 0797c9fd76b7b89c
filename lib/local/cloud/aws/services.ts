import type { Metrics } from '../cloudwatch/metrics.ts';
import type { Emulators } from '../emulators/emulators.ts';
import { functionCredentials } from '../lambda/credentials.ts';
import type { LocalFunction } from '../lambda/function.ts';
import type { AwsCall, AwsService } from './call.ts';
import type { CallCounter } from './calls.ts';
import { createCloudWatchService } from './cloudwatch.ts';
import { createDynamoDbService } from './dynamodb.ts';
import type { CallerLookup } from './front.ts';
import type { Iam } from './iam.ts';
import { createLambdaService } from './lambda.ts';
import { createS3Service } from './s3.ts';
import { createSecretsManagerService, createSsmService, type SecretStore } from './secrets.ts';
import { createSesService } from './ses.ts';
import { createSnsService } from './sns.ts';
import { createSqsService } from './sqs.ts';

/** The parts that the services need. */
export type ServiceParts = {
  emulators: Emulators;
  functions: Map<string, LocalFunction>;
  iam: Iam;
  calls: CallCounter;
  secretStore: SecretStore;
  metrics: Metrics;
  region: string;
  accountId: string;
};

/** Every AWS service the local cloud has, by the name it signs with. */
export function createServices(parts: ServiceParts): Map<string, AwsService> {
  const { emulators, functions, iam, calls, secretStore, metrics, region, accountId } = parts;
  const mayList = ({ caller }: AwsCall, bucketArn: string) =>
    caller.kind === 'operator' ||
    iam.check(caller.functionName, { action: 's3:ListBucket', resources: [bucketArn] }).allowed;
  const services = [
    createSqsService(emulators.fauxqs, accountId, region),
    createSnsService(emulators.fauxqs),
    createS3Service(emulators.fauxqs, mayList),
    createDynamoDbService(emulators.dynalite, calls, accountId, region),
    createSesService(emulators.ses, accountId, region),
    createLambdaService(functions, accountId, region),
    createCloudWatchService(metrics, emulators.fauxqs.sqsStore),
    createSecretsManagerService(secretStore, accountId, region),
    createSsmService(secretStore, accountId, region),
  ];
  return new Map(services.map((service) => [service.name, service]));
}

/** Finds callers by their access key: the operator, or a function. */
export function createCallerLookup(functions: Map<string, LocalFunction>, operatorKeyId: string): CallerLookup {
  const callers = new Map<string, string>();
  return (accessKeyId, sessionToken) => {
    if (accessKeyId === operatorKeyId) return { kind: 'operator' };
    // Functions are created one by one, and may call before the last one exists.
    if (!callers.has(accessKeyId)) {
      for (const logicalId of functions.keys()) callers.set(functionCredentials(logicalId).accessKeyId, logicalId);
    }
    const functionName = callers.get(accessKeyId);
    return functionName === undefined ? undefined : { kind: 'function', functionName, instanceId: sessionToken };
  };
}
