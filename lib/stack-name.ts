/** The stack's name: `Sendoff`, or `Sendoff-<stage>`. In a file of its own, so that the CLI does not load the CDK. */
export function stackName(stage: string): string {
  return stage ? `Sendoff-${stage}` : 'Sendoff';
}
