import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import type { DnsRecord } from './constructs/ses-sending.ts';
import { noteOptions } from './option-notes.ts';
import { SendoffService } from './sendoff-service.ts';
import { STACK_DESCRIPTION, stackName } from './stack-name.ts';

/** A stack with one Sendoff in it. The CLI finds a deployment by its outputs, so their names do not change. */
export class SendoffStack extends Stack {
  readonly sendoff: SendoffService;

  constructor(scope: Construct, config: Config) {
    super(scope, stackName(config.stage), { description: STACK_DESCRIPTION });
    this.sendoff = new SendoffService(this, 'Sendoff', config);
    for (const [output, value] of Object.entries(outputsOf(this.sendoff, config)))
      new CfnOutput(this, output, { value });
    noteOptions(this, config);
  }
}

function outputsOf(sendoff: SendoffService, { apiDomain }: Config): Record<string, string> {
  const { dkimRecords, mailFromRecords, dmarcRecord } = sendoff.sesSending;
  const dkim = dkimRecords.map(({ name, value }, index) => [`DkimRecord${index + 1}`, `${name} CNAME ${value}`]);
  const mailFrom = mailFromRecords.map((record) => [
    record.type === 'MX' ? 'MailFromMxRecord' : 'MailFromSpfRecord',
    recordLine(record),
  ]);
  return {
    ApiUrl: sendoff.apiUrl,
    FeedbackQueueUrl: sendoff.feedback.queue.queueUrl,
    DeadLetterQueueUrl: sendoff.deadLetterQueue.queueUrl,
    ConfigurationSetName: sendoff.configurationSetName,
    ApiFunctionName: sendoff.functions.api.functionName,
    ...sendoff.aws?.outputs,
    ...sendoff.redis?.outputs,
    ...Object.fromEntries([...dkim, ...mailFrom]),
    ...(dmarcRecord ? { DmarcRecordIfNone: recordLine(dmarcRecord) } : {}),
    ...(sendoff.api.domainTarget ? { ApiDomainRecord: `${apiDomain} CNAME ${sendoff.api.domainTarget}` } : {}),
  };
}

const recordLine = ({ name, type, value }: DnsRecord): string => `${name} ${type} ${value}`;
