import type { PolicyStatement } from '../aws/iam.ts';
import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';
import { statementsOf } from './iam-role.ts';

type Properties = { Roles?: string[]; PolicyDocument: { Statement: PolicyStatement | PolicyStatement[] } };

/** AWS::IAM::Policy and AWS::IAM::ManagedPolicy: attached to the roles that they name, and to the roles that name them. */
export function iamPolicy(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { Roles, PolicyDocument } = properties as Properties;
    const arn = `arn:aws:iam::${context.accountId}:policy/${physicalName(context, logicalId)}`;
    context.iam.definePolicy(arn, statementsOf(PolicyDocument));
    for (const role of Roles ?? []) context.iam.attachPolicy(role, arn);
    return { ref: arn, attributes: { PolicyArn: arn, Id: logicalId } };
  };
}
