import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import type { TemplateResource } from '../../../../../lib/local/cloud/template.ts';
import { clientOptions, functionResources, queueTrigger, startTestCloud, temporaryFolder } from '../fixtures/stack.ts';

const source = `export const handler = async (event) => { for (const { body } of event.Records ?? [{ body: JSON.stringify(event) }]) console.log(body); };`;

async function start(resources: Record<string, TemplateResource>, overrides = {}) {
  const assetDirectory = temporaryFolder();
  const Resources = { ...functionResources(assetDirectory, 'Worker', { source }), ...resources };
  return await startTestCloud({ Resources }, { assetDirectory, overrides });
}

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

describe('mail events', () => {
  it('go from the configuration set through topic and queue to a function', async () => {
    const cloud = await start({
      Topic: { Type: 'AWS::SNS::Topic' },
      Queue: { Type: 'AWS::SQS::Queue' },
      QueueSubscription: {
        Type: 'AWS::SNS::Subscription',
        Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'sqs', Endpoint: arn('Queue'), RawMessageDelivery: true },
      },
      OperatorSubscription: {
        Type: 'AWS::SNS::Subscription',
        Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'email', Endpoint: 'operator@example.com' },
      },
      Mail: { Type: 'AWS::SES::ConfigurationSet' },
      MailEvents: {
        Type: 'AWS::SES::ConfigurationSetEventDestination',
        Properties: {
          ConfigurationSetName: { Ref: 'Mail' },
          EventDestination: {
            MatchingEventTypes: ['send', 'delivery'],
            SnsDestination: { TopicARN: { Ref: 'Topic' } },
          },
        },
      },
      Identity: {
        Type: 'AWS::SES::EmailIdentity',
        Properties: {
          EmailIdentity: 'example.com',
          FeedbackAttributes: { EmailForwardingEnabled: false },
          MailFromAttributes: { MailFromDomain: 'bounce.example.com' },
        },
      },
      ...queueTrigger('Worker', 'Queue'),
    });
    const Data = Buffer.from('From: me@example.com\r\nSubject: x\r\n\r\nx');
    const Destinations = ['success@simulator.amazonses.com'];
    const ConfigurationSetName = cloud.resource('Mail').ref;
    await new SESClient(clientOptions(cloud)).send(
      new SendRawEmailCommand({ RawMessage: { Data }, Source: 'me@example.com', Destinations, ConfigurationSetName }),
    );
    const delivered = await cloud.waitFor('output', ({ line }) => line.includes('"eventType":"Delivery"'));
    expect(JSON.parse(delivered.line).mail.destination).toEqual(Destinations);
    await cloud.idle();
    expect(cloud.events).toContainEqual({
      kind: 'no-local-behaviour',
      logicalId: 'OperatorSubscription',
      type: 'AWS::SNS::Subscription by email',
    });
  });

  it('published by anyone arrive as they are, filtered by the subscription', async () => {
    const cloud = await start({
      Topic: { Type: 'AWS::SNS::Topic' },
      Queue: { Type: 'AWS::SQS::Queue' },
      QueueSubscription: {
        Type: 'AWS::SNS::Subscription',
        Properties: {
          TopicArn: { Ref: 'Topic' },
          Protocol: 'sqs',
          Endpoint: arn('Queue'),
          RawMessageDelivery: true,
          FilterPolicy: { kind: ['wanted'] },
        },
      },
      ...queueTrigger('Worker', 'Queue'),
    });
    const sns = new SNSClient(clientOptions(cloud));
    for (const kind of ['other', 'wanted']) {
      const MessageAttributes = { kind: { DataType: 'String', StringValue: kind } };
      await sns.send(
        new PublishCommand({ TopicArn: cloud.resource('Topic').ref, Message: `a ${kind} one`, MessageAttributes }),
      );
    }
    await cloud.waitFor('output', ({ line }) => line === 'a wanted one');
    await cloud.idle();
    expect(cloud.events.filter(({ kind }) => kind === 'output')).toHaveLength(1);
  });
});

describe('schedules', () => {
  const rule = (Properties: Record<string, unknown>) => ({ Type: 'AWS::Events::Rule', Properties });
  const targets = { Targets: [{ Arn: arn('Worker'), Id: 'worker' }] };

  it('invoke their functions with an event of EventBridge', async () => {
    const cloud = await start(
      { Rule: rule({ ScheduleExpression: 'rate(1 minute)', ...targets }) },
      { scheduleRateSeconds: 0.05 },
    );
    const { line } = await cloud.waitFor('output');
    expect(JSON.parse(line)).toMatchObject({
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '000000000000',
      resources: ['arn:aws:events:us-east-1:000000000000:rule/local-Rule'],
      detail: {},
    });
    expect(await cloud.waitFor('override')).toMatchObject({
      property: 'ScheduleExpression',
      template: 'rate(1 minute)',
    });
  });

  it('hand over their own input, those of the Scheduler too', async () => {
    const Schedule = {
      Type: 'AWS::Scheduler::Schedule',
      Properties: { ScheduleExpression: 'cron(0 3 * * ? *)', Target: { Arn: arn('Worker'), Input: '{"own":"input"}' } },
    };
    const cloud = await start({ Schedule }, { scheduleRateSeconds: 0.05 });
    expect((await cloud.waitFor('output')).line).toBe('{"own":"input"}');
  });

  it('do nothing when disabled, and are refused when they cannot be read', async () => {
    const cloud = await start(
      { Rule: rule({ ScheduleExpression: 'rate(1 minute)', State: 'DISABLED', ...targets }) },
      { scheduleRateSeconds: 0.01 },
    );
    await cloud.function('Worker').invoke({ Records: [] });
    expect(cloud.function('Worker').stats().invocations).toBe(1);
    await expect(start({ Rule: rule({ ScheduleExpression: 'at(2030-01-01T00:00:00)', ...targets }) })).rejects.toThrow(
      'at(2030',
    );
    await expect(start({ Rule: rule({ EventPattern: {} }) })).rejects.toThrow('ScheduleExpression');
  });
});

describe('resources that cannot run are refused by name', () => {
  it.each<[string, TemplateResource, string]>([
    [
      'an unknown managed policy',
      { Type: 'AWS::IAM::Role', Properties: { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] } },
      'AdministratorAccess',
    ],
    ['a WebSocket API', { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'WEBSOCKET' } }, 'WEBSOCKET'],
    ['a named stage', { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ApiId: 'x', StageName: 'prod' } }, 'prod'],
    [
      'an event destination other than SNS',
      {
        Type: 'AWS::SES::ConfigurationSetEventDestination',
        Properties: { ConfigurationSetName: 'x', EventDestination: {} },
      },
      'SNS',
    ],
    [
      'an event source that is no queue',
      {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: 'arn:aws:kinesis:::x', FunctionName: 'x' },
      },
      'kinesis',
    ],
    ['a type nobody knows', { Type: 'AWS::EC2::Instance' }, 'AWS::EC2::Instance (Broken)'],
  ])('%s', async (_name, resource, message) => {
    await expect(start({ Broken: resource })).rejects.toThrow(message);
  });
});
