import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { SesSending, type SesSendingProps } from '../../../lib/constructs/ses-sending.ts';

function sesSending(given: Partial<SesSendingProps>): { construct: SesSending; template: Template } {
  const stack = new Stack(new App(), 'Stack', { env: { region: 'eu-west-1' } });
  const none = { domain: '', mailFromDomain: '', accountSuppression: true, removeData: false };
  const construct = new SesSending(stack, 'SesSending', { ...none, ...given });
  return { construct, template: Template.fromStack(stack) };
}

const domain = 'mail.example.com';

describe('sending through SES', () => {
  it('has a configuration set with reputation metrics', () => {
    sesSending({}).template.hasResourceProperties('AWS::SES::ConfigurationSet', {
      ReputationOptions: { ReputationMetricsEnabled: true },
    });
  });

  it("uses SES's suppression list as the account is configured, and not with accountSuppression=false", () => {
    const options = (template: Template) =>
      Object.values(template.findResources('AWS::SES::ConfigurationSet'))[0]?.Properties.SuppressionOptions;
    expect(options(sesSending({}).template)).toBeUndefined();
    expect(options(sesSending({ accountSuppression: false }).template)).toEqual({ SuppressedReasons: [] });
  });

  it('registers no domain by default', () => {
    const { construct, template } = sesSending({});
    template.resourceCountIs('AWS::SES::EmailIdentity', 0);
    expect(construct.dkimRecords).toEqual([]);
  });

  it('registers the domain with Easy DKIM and has the three DNS records to create', () => {
    const { construct, template } = sesSending({ domain });
    template.hasResourceProperties('AWS::SES::EmailIdentity', { EmailIdentity: domain });
    expect(construct.dkimRecords).toHaveLength(3);
  });

  it('keeps the identity, except after a failed creation or with removeData', () => {
    const identities = (given: Partial<SesSendingProps>) =>
      Object.values(sesSending({ domain, ...given }).template.findResources('AWS::SES::EmailIdentity'));
    expect(identities({})).toMatchObject([{ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' }]);
    expect(identities({ removeData: true })).toMatchObject([{ DeletionPolicy: 'Delete' }]);
  });

  it('reports bounces as events only, not by email', () => {
    sesSending({ domain }).template.hasResourceProperties('AWS::SES::EmailIdentity', {
      FeedbackAttributes: { EmailForwardingEnabled: false },
    });
  });

  it('has a domain for the envelope sender with mailFromDomain, with its DNS records', () => {
    const { construct, template } = sesSending({ domain, mailFromDomain: 'bounce.mail.example.com' });
    template.hasResourceProperties('AWS::SES::EmailIdentity', {
      MailFromAttributes: { MailFromDomain: 'bounce.mail.example.com' },
    });
    expect(construct.mailFromRecords).toEqual([
      { name: 'bounce.mail.example.com', type: 'MX', value: '10 feedback-smtp.eu-west-1.amazonses.com' },
      { name: 'bounce.mail.example.com', type: 'TXT', value: '"v=spf1 include:amazonses.com ~all"' },
    ]);
    expect(sesSending({ domain }).construct.mailFromRecords).toEqual([]);
  });

  it('suggests a DMARC record for a domain', () => {
    expect(sesSending({ domain }).construct.dmarcRecord).toEqual({
      name: '_dmarc.mail.example.com',
      type: 'TXT',
      value: '"v=DMARC1; p=none;"',
    });
    expect(sesSending({}).construct.dmarcRecord).toBeUndefined();
  });
});
