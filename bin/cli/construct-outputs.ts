import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { type CreatedResource, evaluate, type Scope, type Template } from '../../lib/local/cloud/template.ts';
import { findSendoffs } from '../../lib/local/find-sendoffs.ts';
import { CliError } from './errors.ts';

/** A stack that has a Sendoff as one construct among others. */
export interface UserStack {
  readonly stackName: string;
  /** Its ARN, which names region and account. */
  readonly stackId: string;
  /** The path of the construct in the stack; may be left out where there is one. */
  readonly construct?: string | undefined;
}

/**
 * The outputs that a SendoffStack has, of a Sendoff in any stack: from its template and its resources' physical names.
 * None when the stack has no Sendoff; throws when it has several and none is named.
 */
export async function constructOutputs(
  client: CloudFormationClient,
  { stackName, stackId, construct }: UserStack,
): Promise<Record<string, string>> {
  const { GetTemplateCommand, paginateListStackResources } = await import('@aws-sdk/client-cloudformation');
  const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName: stackName }));
  const template = parse(TemplateBody);
  const all = findSendoffs(template);
  const found = construct ? all.filter(({ name }) => name.endsWith(`/${construct}`)) : all;
  const [sendoff] = found;
  if (found.length > 1 || (all.length > 0 && !sendoff)) {
    const ways = all.map(({ name }) => `--stack ${stackName}/${name.slice(name.indexOf('/') + 1)}`);
    throw new CliError(`The stack ${stackName} has ${all.length} Sendoffs. Say which: ${ways.join(' or ')}`);
  }
  if (!sendoff) return {};
  const [, , , region = '', account = ''] = stackId.split(':');
  const created = new Map<string, CreatedResource>();
  for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName: stackName }))
    for (const { LogicalResourceId = '', PhysicalResourceId: ref = '' } of StackResourceSummaries)
      created.set(LogicalResourceId, {
        ref,
        // The only attribute in these outputs: an HTTP API's address.
        attributes: { ApiEndpoint: `https://${ref}.execute-api.${region}.amazonaws.com` },
      });
  const pseudoParameters = {
    'AWS::Region': region,
    'AWS::AccountId': account,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': 'amazonaws.com',
  };
  const scope: Scope = { template, created, parameters: {}, pseudoParameters };
  return Object.fromEntries(
    Object.entries(sendoff.outputs).map(([name, value]) => [name, String(evaluate(value, scope))]),
  );
}

/** A template of the CDK is JSON; one in YAML is none of ours. */
function parse(text: string): Template {
  try {
    const template: Partial<Template> = JSON.parse(text);
    return { ...template, Resources: template.Resources ?? {} };
  } catch {
    return { Resources: {} };
  }
}
