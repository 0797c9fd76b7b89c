import type { PolicyStatement } from '../iam.ts';
import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';
import { statementsOf } from './iam-role.ts';

type Properties = { Roles?: string[]; PolicyDocument: { Statement: PolicyStatement | PolicyStatement[] } };

/** AWS::IAM::Policy and AWS::IAM::ManagedPolicy: statements for the roles they name. */
export function iamPolicy(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { Roles, PolicyDocument } = properties as Properties;
    for (const role of Roles ?? []) context.iam.addStatements(role, statementsOf(PolicyDocument));
    const arn = `arn:aws:iam::${context.accountId}:policy/${physicalName(context, logicalId)}`;
    return { ref: arn, attributes: { PolicyArn: arn, Id: logicalId } };
  };
}
