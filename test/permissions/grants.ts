import type { Synthesis, Template, TemplateResource } from '../../lib/synth.ts';

/** One action on one resource that one role may take. */
export interface Grant {
  /** The function whose role it is: `ApiFunction`. */
  readonly functionName: string;
  readonly action: string;
  /** The resource, as people read it: `Table`, `BodyBucket/*`. */
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
  const functionName = /([A-Z][a-z]+Function)/.exec(logicalId)?.[1] ?? logicalId;
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

function statementsOf(policy: TemplateResource): Statement[] {
  const { Statement } = (policy.Properties?.PolicyDocument ?? { Statement: [] }) as { Statement: Statement[] };
  return Statement;
}

/** The other actions keep all resources, the action the other resources. */
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

/** Logical ids without the stack's and construct's name in front and the hash behind, joined as the ARN is. */
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
