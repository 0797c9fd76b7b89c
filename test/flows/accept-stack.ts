import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Stack } from 'aws-cdk-lib/core';
import { Sendoff, type SendoffProps } from '../../lib/sendoff.ts';
import type { Synthesis } from '../../lib/synth.ts';
import { addAcceptingFunction } from '../helpers/accepting-function.ts';

/** A user's stack: a Sendoff, and a function `Shop` that accepts emails with its grant. */
export function synthesizeAcceptStack(props: SendoffProps): Synthesis & { remove(): void } {
  const assemblyDirectory = mkdtempSync(join(tmpdir(), 'accept-stack-'));
  const app = new App({ outdir: assemblyDirectory, analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Shop');
  const mail = new Sendoff(stack, 'Mail', props);
  addAcceptingFunction(stack, 'Shop', { mail, entry: join(import.meta.dirname, 'accept-function.ts') });
  const outputs = mail.redis?.outputs ?? { TableName: mail.table.tableName };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
  const { template } = app.synth().getStackArtifact(stack.artifactId);
  const remove = () => rmSync(assemblyDirectory, { recursive: true, force: true });
  return { stackName: stack.stackName, template, assemblyDirectory, remove };
}
