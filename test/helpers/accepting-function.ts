import { join } from 'node:path';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Duration, Stage } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import type { SendoffService } from '../../lib/sendoff-service.ts';

export interface AcceptingFunctionProps {
  readonly mail: Pick<SendoffService, 'acceptEnvironment' | 'grantAccept'>;
  /** The module with its `handler`. */
  readonly entry: string;
  /** A new one if absent. */
  readonly role?: IRole;
}

/** Adds a function of a user's app that accepts emails and calls tasks without HTTP. */
export function addAcceptingFunction(scope: Construct, id: string, props: AcceptingFunctionProps): void {
  const { mail, entry, role } = props;
  const code = join(Stage.of(scope)?.outdir ?? '', `code-of-${id}`);
  bundle(entry, code);
  const added = new LambdaFunction(scope, id, {
    runtime: Runtime.NODEJS_24_X,
    code: Code.fromAsset(code),
    handler: 'index.handler',
    timeout: Duration.seconds(20),
    memorySize: 512,
    environment: { ...mail.acceptEnvironment },
    ...(role ? { role } : {}),
  });
  mail.grantAccept(added);
}

/** Bundles the function as NodejsFunction does by default: CommonJS, and no option of Sendoff's own bundles. */
function bundle(entry: string, directory: string): void {
  buildSync({
    entryPoints: [entry],
    outfile: join(directory, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'silent',
  });
}
