import type { PolicyStatement } from '../aws/iam.ts';
import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

type PolicyDocument = { Statement: PolicyStatement | PolicyStatement[] };
type RoleProperties = {
  RoleName?: string;
  ManagedPolicyArns?: string[];
  Policies?: { PolicyName: string; PolicyDocument: PolicyDocument }[];
};

const logsActions = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const allow = (...actions: string[]): PolicyStatement => ({ Effect: 'Allow', Action: actions, Resource: '*' });
/** AWS's managed policies that the CDK attaches to functions. */
const managedPolicies: Record<string, PolicyStatement> = {
  AWSLambdaBasicExecutionRole: allow(...logsActions),
  AWSLambdaSQSQueueExecutionRole: allow(
    ...logsActions,
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
  ),
  AWSXRayDaemonWriteAccess: allow('xray:PutTraceSegments', 'xray:PutTelemetryRecords'),
  CloudWatchLambdaInsightsExecutionRolePolicy: allow(...logsActions),
  AmazonAPIGatewayPushToCloudWatchLogs: allow(...logsActions),
  AmazonDynamoDBFullAccess: allow('dynamodb:*'),
  AmazonDynamoDBReadOnlyAccess: allow('dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan'),
  AmazonS3FullAccess: allow('s3:*'),
  AmazonS3ReadOnlyAccess: allow('s3:Get*', 's3:List*'),
  AmazonSESFullAccess: allow('ses:*'),
  AmazonSNSFullAccess: allow('sns:*'),
  AmazonSQSFullAccess: allow('sqs:*'),
  AmazonSSMReadOnlyAccess: allow('ssm:Get*'),
  AWSLambdaRole: allow('lambda:InvokeFunction'),
  AWSLambda_FullAccess: allow('lambda:*'),
  SecretsManagerReadWrite: allow('secretsmanager:*'),
};

/** Statements of a policy document. */
export function statementsOf(document: PolicyDocument): PolicyStatement[] {
  return [document.Statement].flat();
}

/** AWS::IAM::Role with its inline and managed policies. */
export function iamRole(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const wanted = properties as RoleProperties;
    const name = wanted.RoleName ?? physicalName(context, logicalId);
    for (const policy of wanted.Policies ?? []) context.iam.addStatements(name, statementsOf(policy.PolicyDocument));
    for (const arn of wanted.ManagedPolicyArns ?? []) attachManagedPolicy(context, name, arn);
    return {
      ref: name,
      attributes: {
        Arn: `arn:aws:iam::${context.accountId}:role/${name}`,
        RoleId: `AROA${logicalId.toUpperCase().slice(0, 16)}`,
      },
    };
  };
}

function attachManagedPolicy(context: ResourceContext, role: string, arn: string): void {
  const statement = arn.startsWith('arn:aws:iam::aws:policy/') && managedPolicies[arn.slice(arn.lastIndexOf('/') + 1)];
  if (statement) context.iam.addStatements(role, [statement]);
  else if (!context.iam.attachPolicy(role, arn))
    throw new Error(`The local cloud does not know the managed policy ${arn}`);
}
