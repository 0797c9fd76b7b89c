import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * The key that encrypts the topics. AWS's own key for SNS cannot be used: its policy cannot be changed, and it does not let
 * services publish (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
 * The key is deleted with the stack: a topic stores no messages, so there is nothing left to decrypt.
 */
export class TopicKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Encrypts the SNS topics of Sendoff, to which Amazon SES and CloudWatch publish',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    });
    // No condition on the source: the topics' policies decide who may publish, and the key encrypts nothing else.
    // https://docs.aws.amazon.com/ses/latest/dg/event-publishing-add-event-destination-sns.html
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: ['ses.amazonaws.com', 'cloudwatch.amazonaws.com'].map((service) => new ServicePrincipal(service)),
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
      }),
    );
  }
}
