import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib/core';
import { buildSync } from 'esbuild';
import { Sendoff, type SendoffProps } from '../../lib/sendoff.ts';
import type { Synthesis } from '../../lib/synth.ts';

/** A user's stack: a Sendoff, and a function `Shop` that accepts emails with its grant. */
export function synthesizeAcceptStack(props: SendoffProps): Synthesis & { remove(): void } {
  const assemblyDirectory = mkdtempSync(join(tmpdir(), 'accept-stack-'));
  const app = new App({ outdir: assemblyDirectory, analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Shop');
  const mail = new Sendoff(stack, 'Mail', props);
  const shop = new LambdaFunction(stack, 'Shop', {
    runtime: Runtime.NODEJS_24_X,
    code: Code.fromAsset(bundle(join(assemblyDirectory, 'shop'))),
    handler: 'index.handler',
    timeout: Duration.seconds(20),
    memorySize: 512,
    environment: { ...mail.acceptEnvironment },
  });
  mail.grantAccept(shop);
  const outputs = mail.redis?.outputs ?? { TableName: mail.table.tableName };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
  const { template } = app.synth().getStackArtifact(stack.artifactId);
  const remove = () => rmSync(assemblyDirectory, { recursive: true, force: true });
  return { stackName: stack.stackName, template, assemblyDirectory, remove };
}

/** Bundles the function as NodejsFunction does by default: CommonJS, and no option of Sendoff's own bundles. */
function bundle(directory: string): string {
  buildSync({
    entryPoints: [join(import.meta.dirname, 'accept-function.ts')],
    outfile: join(directory, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'silent',
  });
  return directory;
}
