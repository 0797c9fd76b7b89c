import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Alarms } from './alarms.ts';
import { FlowDashboard } from './dashboard.ts';
import type { MonitoringMetrics } from './metrics.ts';

export interface MonitoringProps {
  readonly metrics: MonitoringMetrics;
  /** Existing topic that gets the notifications; empty: none, or a new one for `alarmEmail`. */
  readonly alarmTopicArn: string;
  /** Address that gets the notifications; empty: none. It gets one email to confirm. */
  readonly alarmEmail: string;
  /** Encrypts the new topic; CloudWatch must be allowed to use it. */
  readonly topicKey?: IKey | undefined;
}

/** Alarms, the topic for their notifications, and the dashboard. */
export class Monitoring extends Construct {
  readonly alarms: Alarms;
  readonly dashboard: FlowDashboard;

  constructor(scope: Construct, id: string, { metrics, alarmTopicArn, alarmEmail, topicKey }: MonitoringProps) {
    super(scope, id);
    const topic = alarmTopicArn
      ? Topic.fromTopicArn(this, 'Topic', alarmTopicArn)
      : this.topicFor(alarmEmail, topicKey);
    this.alarms = new Alarms(this, 'Alarms', { metrics, topic });
    this.dashboard = new FlowDashboard(this, 'Dashboard', { metrics, alarms: this.alarms.all });
  }

  private topicFor(alarmEmail: string, topicKey: IKey | undefined): ITopic | undefined {
    if (!alarmEmail) return undefined;
    const topic = new Topic(this, 'AlarmTopic', {
      displayName: 'Sendoff alarms',
      enforceSSL: true,
      ...(topicKey ? { masterKey: topicKey } : {}),
    });
    topic.addSubscription(new EmailSubscription(alarmEmail));
    const account = Stack.of(this).account;
    // The topic's policy (it requires TLS) replaces the default policy, which would let the account's services publish.
    // Without this statement alarms could not send notifications.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': Stack.of(this).formatArn({ service: 'cloudwatch', resource: 'alarm:*' }) },
        },
      }),
    );
    return topic;
  }
}
