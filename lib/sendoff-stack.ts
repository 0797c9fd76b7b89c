import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import { SendoffService } from './sendoff-service.ts';
import { stackName } from './stack-name.ts';

/** A stack with one Sendoff in it and the outputs by which the CLI finds it. */
export class SendoffStack extends Stack {
  readonly sendoff: SendoffService;

  constructor(scope: Construct, config: Config) {
    super(scope, stackName(config.stage), {
      description: 'Sendoff: accepts emails over HTTPS and sends them through Amazon SES',
    });
    this.sendoff = new SendoffService(this, 'Sendoff', config);
    this.sendoff.addOutputs();
  }
}
