import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { Outbound } from '../../../lib/constructs/ses-sending.ts';

function outbound(domain: string, accountSuppression = true): { construct: Outbound; template: Template } {
  const stack = new Stack(new App(), 'Stack');
  const construct = new Outbound(stack, 'Outbound', { domain, accountSuppression });
  return { construct, template: Template.fromStack(stack) };
}

describe('the way out', () => {
  it('is a configuration set that keeps reputation figures', () => {
    outbound('').template.hasResourceProperties('AWS::SES::ConfigurationSet', {
      ReputationOptions: { ReputationMetricsEnabled: true },
    });
  });

  it("leaves SES's own suppression list to the account, unless told not to use it", () => {
    const options = (template: Template) =>
      Object.values(template.findResources('AWS::SES::ConfigurationSet'))[0]?.Properties.SuppressionOptions;
    expect(options(outbound('').template)).toBeUndefined();
    expect(options(outbound('', false).template)).toEqual({ SuppressedReasons: [] });
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
