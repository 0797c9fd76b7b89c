import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { Sendoff, type SendoffProps } from '../../lib/sendoff.ts';

/** An app whose functions are not bundled, which would take most of the time of tests of the template. */
export function appWithoutBundling(): App {
  return new App({ builtinCloudFormationValidation: false, context: { 'aws:cdk:bundling-stacks': [] } });
}

/** The template of another app's stack with a Sendoff named Mail, and with what `extend` adds. */
export function sendoffTemplate(
  props?: SendoffProps,
  extend?: (sendoff: Sendoff, stack: Stack) => void,
): { sendoff: Sendoff; stack: Stack; template: Template } {
  const stack = new Stack(appWithoutBundling(), 'Shop');
  const sendoff = new Sendoff(stack, 'Mail', props);
  extend?.(sendoff, stack);
  return { sendoff, stack, template: Template.fromStack(stack) };
}

/**
 * The permissions of a role: `action` → the resources, each by its logical id and what is appended to it, and with
 * ` of email#*,…` if only some kinds of documents are allowed.
 */
export function grantsOf(template: Template, roleIdPart: string): Record<string, string[]> {
  const policies = template.findResources('AWS::IAM::Policy', {
    Properties: { Roles: [{ Ref: Match.stringLikeRegexp(roleIdPart) }] },
  });
  const grants: Record<string, string[]> = {};
  for (const { Properties } of Object.values(policies)) {
    for (const { Effect, Action, Resource, Condition } of Properties.PolicyDocument.Statement) {
      for (const action of [Action].flat()) {
        const name = `${Effect} ${action}`;
        const kinds = [Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []].flat();
        const confined = kinds.length > 0 ? ` of ${kinds.join()}` : '';
        const resources = [Resource].flat().map((resource) => describe(resource) + confined);
        grants[name] = [...(grants[name] ?? []), ...resources].sort();
      }
    }
  }
  return grants;
}

/** A CloudFormation expression as a short text, with logical ids without their hash. */
function describe(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = ['', undefined]] = Object.entries(value as Record<string, unknown>);
  if (name === 'Ref') return `{${withoutHash(String(argument))}}`;
  if (name === 'Fn::GetAtt') return `{${withoutHash(String((argument as string[])[0]))}}`;
  if (name === 'Fn::Join') return ((argument as [string, unknown[]])[1] ?? []).map(describe).join('');
  throw new Error(`no short form for ${name}`);
}

function withoutHash(logicalId: string): string {
  return logicalId.replace(/[0-9A-F]{8}$/, '');
}
