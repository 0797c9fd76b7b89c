import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../lib/config.ts';
import { SendoffStack } from '../../lib/sendoff-stack.ts';
import { appWithoutBundling } from '../helpers/sendoff-template.ts';

function stackTemplate(options: Record<string, unknown>): Template {
  return Template.fromStack(new SendoffStack(appWithoutBundling(), parseConfig(options)));
}

describe('the stack', () => {
  it('has the outputs by which the CLI finds a deployment', () => {
    expect(Object.keys(stackTemplate({}).toJSON().Outputs).sort()).toEqual([
      'ApiFunctionName',
      'ApiUrl',
      'BodyBucketName',
      'BulkQueueUrl',
      'ConfigurationSetName',
      'DeadLetterQueueUrl',
      'FeedbackQueueUrl',
      'ScheduleFunctionName',
      'SendFunctionName',
      'TableName',
      'TransactionalQueueUrl',
      'WebhookQueueUrl',
      'WebhookSlowQueueUrl',
    ]);
  });

  it.each([
    [{ redisSecret: 'mail/upstash' }, { RedisSecret: { Value: 'mail/upstash' } }],
    [{ redisParameter: '/mail/upstash' }, { RedisParameter: { Value: '/mail/upstash' } }],
  ])(
    'has, with backend=redis and %j, the outputs by which the CLI finds credentials and functions',
    (options, named) => {
      const { Outputs } = stackTemplate({ backend: 'redis', ...options }).toJSON();
      expect(Outputs).toMatchObject({ RedisNamespace: { Value: expect.any(String) }, ...named });
      expect(Object.keys(Outputs).sort()).toEqual([
        'ApiFunctionName',
        'ApiUrl',
        'ConfigurationSetName',
        'DeadLetterQueueUrl',
        'FeedbackQueueUrl',
        'RedisConsumerFunctionName',
        'RedisNamespace',
        ...Object.keys(named),
        'RedisWatchdogFunctionName',
      ]);
    },
  );

  it('has, for a domain, the DNS records to create as outputs', () => {
    const { Outputs } = stackTemplate({ domain: 'mail.example.com' }).toJSON();
    for (const name of ['DkimRecord1', 'DkimRecord2', 'DkimRecord3']) {
      expect(JSON.stringify(Outputs[name].Value)).toMatch(/DkimDNSTokenName\d.*" CNAME ".*DkimDNSTokenValue\d/);
    }
  });

  it('has, for a domain, a DMARC record and the records of the envelope sender as outputs', () => {
    const { Outputs } = stackTemplate({
      domain: 'mail.example.com',
      mailFromDomain: 'bounce.mail.example.com',
    }).toJSON();
    expect(Outputs.DmarcRecordIfNone.Value).toBe('_dmarc.mail.example.com TXT "v=DMARC1; p=none;"');
    expect(Outputs.MailFromSpfRecord.Value).toBe('bounce.mail.example.com TXT "v=spf1 include:amazonses.com ~all"');
    expect(JSON.stringify(Outputs.MailFromMxRecord.Value)).toContain('bounce.mail.example.com MX 10 feedback-smtp.');
  });

  it('keeps the logical id of the domain that version 0.1 gave it', () => {
    const ids = Object.keys(stackTemplate({ domain: 'mail.example.com' }).findResources('AWS::SES::EmailIdentity'));
    expect(ids).toEqual(['SendoffOutboundDomainE95ED3E4']);
  });

  it('has no resources but those of the construct', () => {
    const ids = Object.keys(stackTemplate({}).toJSON().Resources);
    expect(ids.filter((id) => !id.startsWith('Sendoff'))).toEqual([]);
  });

  it('is named after its stage', () => {
    const app = appWithoutBundling();
    expect(new SendoffStack(app, parseConfig({})).stackName).toBe('Sendoff');
    expect(new SendoffStack(app, parseConfig({ stage: 'test' })).stackName).toBe('Sendoff-test');
  });
});
