import type { CreateResource } from '../stack.ts';
import { restApi, restDeployment, restMethod, restResource, restStage } from './api-gateway.ts';
import { httpApi, httpIntegration, httpRoute, httpStage } from './api-gateway-v2.ts';
import type { ResourceContext } from './context.ts';
import { dynamoDbGlobalTable, dynamoDbTable } from './dynamodb-table.ts';
import { eventsRule } from './events-rule.ts';
import { iamPolicy } from './iam-policy.ts';
import { iamRole } from './iam-role.ts';
import { lambdaEventInvokeConfig } from './lambda-event-invoke-config.ts';
import { lambdaEventSourceMapping } from './lambda-event-source-mapping.ts';
import { lambdaFunction } from './lambda-function.ts';
import { lambdaUrl } from './lambda-url.ts';
import { lambdaAlias, lambdaVersion } from './lambda-version.ts';
import { logsLogGroup } from './logs-log-group.ts';
import { s3Bucket } from './s3-bucket.ts';
import { schedulerSchedule } from './scheduler-schedule.ts';
import { secretsManagerSecret } from './secretsmanager-secret.ts';
import { sesConfigurationSet } from './ses-configuration-set.ts';
import { sesEmailIdentity } from './ses-email-identity.ts';
import { sesEventDestination } from './ses-event-destination.ts';
import { snsSubscription } from './sns-subscription.ts';
import { snsTopic } from './sns-topic.ts';
import { sqsQueue } from './sqs-queue.ts';
import { ssmParameter } from './ssm-parameter.ts';

const creators: [string, (context: ResourceContext) => CreateResource][] = [
  ['AWS::ApiGateway::Deployment', restDeployment],
  ['AWS::ApiGateway::Method', restMethod],
  ['AWS::ApiGateway::Resource', restResource],
  ['AWS::ApiGateway::RestApi', restApi],
  ['AWS::ApiGateway::Stage', restStage],
  ['AWS::ApiGatewayV2::Api', httpApi],
  ['AWS::ApiGatewayV2::Integration', httpIntegration],
  ['AWS::ApiGatewayV2::Route', httpRoute],
  ['AWS::ApiGatewayV2::Stage', httpStage],
  ['AWS::DynamoDB::GlobalTable', dynamoDbGlobalTable],
  ['AWS::DynamoDB::Table', dynamoDbTable],
  ['AWS::Events::Rule', eventsRule],
  ['AWS::IAM::ManagedPolicy', iamPolicy],
  ['AWS::IAM::Policy', iamPolicy],
  ['AWS::IAM::Role', iamRole],
  ['AWS::Lambda::Alias', lambdaAlias],
  ['AWS::Lambda::EventInvokeConfig', lambdaEventInvokeConfig],
  ['AWS::Lambda::EventSourceMapping', lambdaEventSourceMapping],
  ['AWS::Lambda::Function', lambdaFunction],
  ['AWS::Lambda::Url', lambdaUrl],
  ['AWS::Lambda::Version', lambdaVersion],
  ['AWS::Logs::LogGroup', logsLogGroup],
  ['AWS::S3::Bucket', s3Bucket],
  ['AWS::SecretsManager::Secret', secretsManagerSecret],
  ['AWS::SES::ConfigurationSet', sesConfigurationSet],
  ['AWS::SES::ConfigurationSetEventDestination', sesEventDestination],
  ['AWS::SES::EmailIdentity', sesEmailIdentity],
  ['AWS::SNS::Subscription', snsSubscription],
  ['AWS::SNS::Topic', snsTopic],
  ['AWS::SQS::Queue', sqsQueue],
  ['AWS::SSM::Parameter', ssmParameter],
  ['AWS::Scheduler::Schedule', schedulerSchedule],
];

/** Every resource type the local cloud runs. */
export function createRegistry(context: ResourceContext): Map<string, CreateResource> {
  return new Map(creators.map(([type, create]) => [type, create(context)]));
}

/** Types for monitoring, naming and permissions, without local behaviour. Resource policies too: only roles are checked. */
export const typesWithoutBehaviour = new Set([
  'AWS::ApiGateway::Account',
  'AWS::ApiGateway::BasePathMapping',
  'AWS::ApiGateway::DomainName',
  'AWS::ApiGatewayV2::ApiMapping',
  'AWS::ApiGatewayV2::DomainName',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogStream',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::ResourcePolicy',
  'AWS::Route53::RecordSet',
  'AWS::S3::BucketPolicy',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SNS::TopicInlinePolicy',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
  'AWS::SQS::QueueInlinePolicy',
  'Custom::LogRetention',
  'Custom::S3AutoDeleteObjects',
]);
