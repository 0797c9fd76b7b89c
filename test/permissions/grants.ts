import type { Synthesis, Template, TemplateResource } from '../../lib/synth.ts';

/** The permission of one role for one action on one resource. */
export interface Grant {
  /** The function whose role it is: `ApiFunction`. */
  readonly functionName: string;
  readonly action: string;
  /** The resource in short: `Table`, `BodyBucket/*`. */
  readonly resource: string;
  /** The template without this grant. */
  readonly without: () => Template;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Every grant of every role in a template, one by one. */
export function grantsIn({ template }: Pick<Synthesis, 'template'>): Grant[] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::IAM::Policy')
    .flatMap(([logicalId, policy]) => grantsOfPolicy(template, logicalId, policy));
}

function grantsOfPolicy(template: Template, logicalId: string, policy: TemplateResource): Grant[] {
  const functionName = functionOf(policy);
  return statementsOf(policy).flatMap((statement, index) => {
    if (statement.Effect !== 'Allow') return [];
    return [statement.Action].flat().flatMap((action) =>
      [statement.Resource].flat().map((resource) => ({
        functionName,
        action,
        resource: describeResource(resource),
        without: () => withStatements(template, logicalId, policy, statementsWithout(policy, index, action, resource)),
      })),
    );
  });
}

/** The function of the policy's role: a policy's own name may be that of an earlier version. */
function functionOf({ Properties }: TemplateResource): string {
  const [role] = (Properties?.Roles ?? []) as { Ref: string }[];
  const name = /^Sendoff(\w+Function)Role[0-9A-F]{8}$/.exec(role?.Ref ?? '')?.[1];
  if (!name) throw new Error(`A policy of no function: ${JSON.stringify(Properties?.Roles)}`);
  return name;
}

function statementsOf(policy: TemplateResource): Statement[] {
  const { Statement } = (policy.Properties?.PolicyDocument ?? { Statement: [] }) as { Statement: Statement[] };
  return Statement;
}

/** The other actions keep all resources; the action keeps the other resources. */
function statementsWithout(policy: TemplateResource, index: number, action: string, resource: unknown): Statement[] {
  return statementsOf(policy).flatMap((statement, position) => {
    if (position !== index) return [statement];
    const actions = [statement.Action].flat().filter((one) => one !== action);
    const resources = [statement.Resource].flat().filter((one) => one !== resource);
    return [
      ...(actions.length > 0 ? [{ ...statement, Action: actions }] : []),
      ...(resources.length > 0 ? [{ ...statement, Action: action, Resource: resources }] : []),
    ];
  });
}

function withStatements(
  template: Template,
  logicalId: string,
  policy: TemplateResource,
  Statement: Statement[],
): Template {
  const Properties = { ...policy.Properties, PolicyDocument: { Version: '2012-10-17', Statement } };
  return { ...template, Resources: { ...template.Resources, [logicalId]: { ...policy, Properties } } };
}

/** The parts of the ARN, with logical ids without the construct's name and the hash. */
function describeResource(resource: unknown): string {
  const names: string[] = [];
  const visit = (value: unknown, key = ''): void => {
    if (typeof value === 'string') {
      const isReference = key === 'Ref' || key === 'Fn::GetAtt';
      if (isReference && !value.startsWith('AWS::')) names.push(value.replace(/^Sendoff|[0-9A-F]{8}$/g, ''));
      else if (/^\/|[:/][\w-]+\/|^\*$/.test(value)) names.push(value.replace(/^.*:/, ''));
    } else if (Array.isArray(value)) {
      for (const item of key === 'Fn::GetAtt' ? value.slice(0, 1) : value) visit(item, key);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, argument] of Object.entries(value)) visit(argument, name);
    }
  };
  visit(resource);
  return names.join('');
}
