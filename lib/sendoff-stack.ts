import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import { Sendoff, type SendoffProps } from './sendoff.ts';
import { stackName } from './stack-name.ts';

/** A stack with one Sendoff in it. Its outputs are what the CLI finds a deployment by: their names do not change. */
export class SendoffStack extends Stack {
  readonly sendoff: Sendoff;

  constructor(scope: Construct, { stage, ...props }: Config) {
    const name = stackName(stage);
    super(scope, name, { description: 'Sendoff: accepts emails over HTTPS and sends them through Amazon SES' });
    this.sendoff = new Sendoff(this, 'Sendoff', props);
    for (const [output, value] of Object.entries(outputsOf(this.sendoff, props)))
      new CfnOutput(this, output, { value });
  }
}

function outputsOf(sendoff: Sendoff, { apiDomain }: SendoffProps): Record<string, string> {
  const { functions, sesSending } = sendoff;
  const dkim = sesSending.dkimRecords.map(({ name, value }, index) => [
    `DkimRecord${index + 1}`,
    `${name} CNAME ${value}`,
  ]);
  return {
    ApiUrl: sendoff.apiUrl,
    ...backendOutputs(sendoff),
    FeedbackQueueUrl: sendoff.feedback.queue.queueUrl,
    DeadLetterQueueUrl: sendoff.deadLetterQueue.queueUrl,
    ConfigurationSetName: sendoff.configurationSetName,
    ApiFunctionName: functions.api.functionName,
    ...workerOutputs(sendoff),
    ...Object.fromEntries(dkim),
    ...(sendoff.api.domainTarget ? { ApiDomainRecord: `${apiDomain} CNAME ${sendoff.api.domainTarget}` } : {}),
  };
}

function workerOutputs({ redis, functions: { send, schedule } }: Sendoff): Record<string, string> {
  return redis
    ? { RedisConsumerFunctionName: send.functionName, RedisWatchdogFunctionName: schedule.functionName }
    : { SendFunctionName: send.functionName, ScheduleFunctionName: schedule.functionName };
}

function backendOutputs({ aws, redis }: Sendoff): Record<string, string> {
  if (redis) return redis.outputs;
  if (!aws) return {};
  return {
    TableName: aws.table.tableName,
    BodyBucketName: aws.bodyBucket.bucketName,
    TransactionalQueueUrl: aws.queues.transactional.queueUrl,
    BulkQueueUrl: aws.queues.bulk.queueUrl,
    WebhookQueueUrl: aws.queues.webhook.queueUrl,
    WebhookSlowQueueUrl: aws.queues['webhook-slow'].queueUrl,
  };
}
