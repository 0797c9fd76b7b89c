import { App } from 'aws-cdk-lib/core';
import { configFromContext } from '../lib/config.ts';
import { SendoffStack } from '../lib/sendoff-stack.ts';

const app = new App();
new SendoffStack(app, configFromContext(app.node.getAllContext()));
