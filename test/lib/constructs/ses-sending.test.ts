import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { SesSending } from '../../../lib/constructs/ses-sending.ts';

function sesSending(domain: string, accountSuppression = true): { construct: SesSending; template: Template } {
  const stack = new Stack(new App(), 'Stack');
  const construct = new SesSending(stack, 'SesSending', { domain, accountSuppression });
  return { construct, template: Template.fromStack(stack) };
}

describe('the way out', () => {
  it('is a configuration set that keeps reputation figures', () => {
    sesSending('').template.hasResourceProperties('AWS::SES::ConfigurationSet', {
      ReputationOptions: { ReputationMetricsEnabled: true },
    });
  });

  it("leaves SES's own suppression list to the account, unless told not to use it", () => {
    const options = (template: Template) =>
      Object.values(template.findResources('AWS::SES::ConfigurationSet'))[0]?.Properties.SuppressionOptions;
    expect(options(sesSending('').template)).toBeUndefined();
    expect(options(sesSending('', false).template)).toEqual({ SuppressedReasons: [] });
  });

  it('registers no domain unless asked', () => {
    const { construct, template } = sesSending('');
    template.resourceCountIs('AWS::SES::EmailIdentity', 0);
    expect(construct.dkimRecords).toEqual([]);
  });

  it('registers the domain with Easy DKIM and knows the three records to create', () => {
    const { construct, template } = sesSending('mail.example.com');
    template.hasResourceProperties('AWS::SES::EmailIdentity', { EmailIdentity: 'mail.example.com' });
    expect(construct.dkimRecords).toHaveLength(3);
  });
});
