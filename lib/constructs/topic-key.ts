import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * The key that encrypts the topics. AWS's own key for SNS would not do: services cannot publish with it, for its policy cannot be
 * changed (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html).
 * It goes with the stack: a topic keeps no message, so nothing is left that it could decrypt.
 */
export class TopicKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Encrypts what Amazon SES and CloudWatch publish to the SNS topics of Sendoff',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
      pendingWindow: Duration.days(7),
    });
    // No source in a condition: who may publish is settled by the topics' policies, and the key opens nothing else.
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
