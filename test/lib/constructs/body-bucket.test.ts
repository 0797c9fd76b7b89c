import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { BodyBucket } from '../../../lib/constructs/body-bucket.ts';

function bucketTemplate(retentionDays: number, removeData = false): Template {
  const stack = new Stack(new App(), 'Stack');
  new BodyBucket(stack, 'Bodies', { retentionDays, removeData });
  return Template.fromStack(stack);
}

describe('the body bucket', () => {
  it('is private and encrypted', () => {
    bucketTemplate(90).hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });

  it('requires TLS', () => {
    bucketTemplate(90).hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  it('keeps the body of an email that is scheduled as late as possible until its record expires', () => {
    bucketTemplate(7).hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: {
        Rules: [{ ExpirationInDays: 30 + 7 + 1, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }],
      },
    });
  });

  it('needs no custom resource to be deleted', () => {
    expect(bucketTemplate(7, true).findResources('Custom::S3AutoDeleteObjects')).toEqual({});
    bucketTemplate(7, true).hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
  });
});
