/** The stack's name: `Sendoff`, or `Sendoff-<stage>`. In a file of its own, so that the CLI does not load the CDK. */
export function stackName(stage: string): string {
  return stage ? `Sendoff-${stage}` : 'Sendoff';
}

/** The description of a stack that `npx cdk deploy` makes of this package; a stack of a user's own has another one. */
export const STACK_DESCRIPTION = 'Sendoff: accepts emails over HTTPS and sends them through Amazon SES';
