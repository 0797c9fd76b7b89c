import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { Outbound } from '../../../lib/constructs/outbound.ts';

function outbound(domain: string): { construct: Outbound; template: Template } {
  const stack = new Stack(new App(), 'Stack');
  const construct = new Outbound(stack, 'Outbound', { domain, accountSuppression: true });
  return { construct, template: Template.fromStack(stack) };
}

describe('the way out', () => {
  it('is a configuration set that keeps reputation figures', () => {
    outbound('').template.hasResourceProperties('AWS::SES::ConfigurationSet', {
      ReputationOptions: { ReputationMetricsEnabled: true },
    });
  });

  it('registers no domain unless asked', () => {
    const { construct, template } = outbound('');
    template.resourceCountIs('AWS::SES::EmailIdentity', 0);
    expect(construct.dkimRecords).toEqual([]);
  });

  it('registers the domain with Easy DKIM and knows the three records to create', () => {
    const { construct, template } = outbound('mail.example.com');
    template.hasResourceProperties('AWS::SES::EmailIdentity', { EmailIdentity: 'mail.example.com' });
    expect(construct.dkimRecords).toHaveLength(3);
  });
});
