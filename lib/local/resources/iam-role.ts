import type { PolicyStatement } from '../iam.ts';
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
    for (const arn of wanted.ManagedPolicyArns ?? []) {
      // A managed policy of the template itself is attached through its own Roles.
      if (!arn.startsWith('arn:aws:iam::aws:policy/')) continue;
      const statement = managedPolicies[arn.slice(arn.lastIndexOf('/') + 1)];
      if (!statement) throw new Error(`The local cloud does not know the managed policy ${arn}`);
      context.iam.addStatements(name, [statement]);
    }
    return {
      ref: name,
      attributes: {
        Arn: `arn:aws:iam::${context.accountId}:role/${name}`,
        RoleId: `AROA${logicalId.toUpperCase().slice(0, 16)}`,
      },
    };
  };
}
