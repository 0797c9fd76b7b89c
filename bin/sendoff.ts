import { App } from 'aws-cdk-lib/core';
import { ConfigError, configFromContext } from '../lib/config.ts';
import { SendoffStack } from '../lib/sendoff-stack.ts';

const app = new App();
try {
  new SendoffStack(app, configFromContext(app.node.getAllContext()));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  // At once: the CDK would synthesize what there is of the app when the process ends by itself.
  process.exit(1);
}
