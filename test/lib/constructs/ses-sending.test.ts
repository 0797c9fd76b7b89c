import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { SesSending } from '../../../lib/constructs/ses-sending.ts';

function sesSending(domain: string, accountSuppression = true): { construct: SesSending; template: Template } {
  const stack = new Stack(new App(), 'Stack');
  const construct = new SesSending(stack, 'SesSending', { domain, accountSuppression });
  return { construct, template: Template.fromStack(stack) };
}

describe('sending through SES', () => {
  it('has a configuration set with reputation metrics', () => {
    sesSending('').template.hasResourceProperties('AWS::SES::ConfigurationSet', {
      ReputationOptions: { ReputationMetricsEnabled: true },
    });
  });

  it("uses SES's suppression list as the account is configured, and not with accountSuppression=false", () => {
    const options = (template: Template) =>
      Object.values(template.findResources('AWS::SES::ConfigurationSet'))[0]?.Properties.SuppressionOptions;
    expect(options(sesSending('').template)).toBeUndefined();
    expect(options(sesSending('', false).template)).toEqual({ SuppressedReasons: [] });
  });

  it('registers no domain by default', () => {
    const { construct, template } = sesSending('');
    template.resourceCountIs('AWS::SES::EmailIdentity', 0);
    expect(construct.dkimRecords).toEqual([]);
  });

  it('registers the domain with Easy DKIM and has the three DNS records to create', () => {
    const { construct, template } = sesSending('mail.example.com');
    template.hasResourceProperties('AWS::SES::EmailIdentity', { EmailIdentity: 'mail.example.com' });
    expect(construct.dkimRecords).toHaveLength(3);
  });
});
