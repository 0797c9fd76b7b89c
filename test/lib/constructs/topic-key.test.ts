import { describe, expect, it } from 'vitest';
import { sendoffTemplate } from '../../helpers/sendoff-template.ts';

const { template } = sendoffTemplate({ alarmEmail: 'ops@example.com' });
const topicsOf = (from: typeof template) => Object.values(from.findResources('AWS::SNS::Topic'));

describe('the SNS topics', () => {
  it('are all encrypted with the one key of the stack', () => {
    const [keyId] = Object.keys(template.findResources('AWS::KMS::Key'));
    template.resourceCountIs('AWS::KMS::Key', 1);
    expect(topicsOf(template)).toHaveLength(2);
    for (const { Properties } of topicsOf(template))
      expect(Properties.KmsMasterKeyId).toEqual({ 'Fn::GetAtt': [keyId, 'Arn'] });
  });

  it('have no key with encryptTopics=false', () => {
    const without = sendoffTemplate({ alarmEmail: 'ops@example.com', encryptTopics: false }).template;
    without.resourceCountIs('AWS::KMS::Key', 0);
    expect(JSON.stringify(topicsOf(without))).not.toContain('KmsMasterKeyId');
  });
});

describe('the key of the topics', () => {
  const [key] = Object.values(template.findResources('AWS::KMS::Key'));

  it('lets SES and CloudWatch publish, which AWS’s own key for SNS does not', () => {
    const statements = key?.Properties.KeyPolicy.Statement;
    expect(statements).toContainEqual({
      Effect: 'Allow',
      Principal: { Service: ['ses.amazonaws.com', 'cloudwatch.amazonaws.com'] },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Resource: '*',
    });
    expect(statements).toHaveLength(2);
  });

  it('rotates, and is deleted a week after the stack; until then the deletion can be canceled', () => {
    expect(key).toMatchObject({
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: { EnableKeyRotation: true, PendingWindowInDays: 7 },
    });
  });
});
