import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** How far ahead an email can be scheduled. */
const SCHEDULE_HORIZON_DAYS = 30;

export interface BodyBucketProps {
  /** How long an email is kept after it was due. */
  readonly retentionDays: number;
  /** Delete the bucket with the stack, if it is empty then. */
  readonly removeData: boolean;
}

/**
 * Where bodies too large for the table live: private, encrypted, TLS only, each gone after its time.
 *
 * With `removeData` a bucket that still holds bodies makes the stack's deletion fail, and S3 says so. The CDK's
 * `autoDeleteObjects` would empty it, at the price of a custom resource and one more Lambda with a role that may
 * delete every object, in every deployment, for the one moment of removal: `aws s3 rm --recursive` does the same.
 */
export class BodyBucket extends Bucket {
  constructor(scope: Construct, id: string, { retentionDays, removeData }: BodyBucketProps) {
    super(scope, id, {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      lifecycleRules: [
        {
          // S3 counts from the day of writing, when a scheduled email was not due yet: an object must not expire
          // before its record does. The day more covers what a day cut off by midnight takes away.
          expiration: Duration.days(SCHEDULE_HORIZON_DAYS + retentionDays + 1),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      removalPolicy: removeData ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    acknowledge(this, {
      S1: 'Access logs would be a second bucket that names every email, longer than the emails are kept; two roles of this stack read this one, and CloudTrail data events can tell when.',
    });
  }
}
