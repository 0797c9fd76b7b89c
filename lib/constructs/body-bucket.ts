import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** How far ahead an email can be scheduled. */
const SCHEDULE_HORIZON_DAYS = 30;

export interface BodyBucketProps {
  /** How long an email is kept after it is due. */
  readonly retentionDays: number;
  /** Delete the bucket with the stack, if it is empty then. */
  readonly removeData: boolean;
}

/**
 * The bucket of the bodies that are too large for the table: private, encrypted, TLS only. Bodies expire.
 *
 * With `removeData`, S3 refuses to delete a bucket that still holds bodies, and the stack's deletion fails. The CDK's
 * `autoDeleteObjects` would empty it, but it needs a custom resource and a Lambda that may delete every object, in every
 * deployment. `aws s3 rm --recursive` does the same when it is needed.
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
          // S3 counts from the day of writing, when a scheduled email is not due yet. A body must not expire before its
          // record does. One more day, because S3 counts whole days from midnight.
          expiration: Duration.days(SCHEDULE_HORIZON_DAYS + retentionDays + 1),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
      // A bucket of a failed first deployment holds nothing.
      removalPolicy: removeData ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    acknowledge(this, {
      S1: 'Access logs would be a second bucket that names every email, longer than the emails are kept; two roles of this stack read this one, and CloudTrail data events can tell when.',
    });
  }
}
