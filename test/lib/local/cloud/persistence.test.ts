import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import {
  ChangeMessageVisibilityCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import type { TemplateResource } from '../../../../lib/local/cloud/template.ts';
import {
  clientOptions,
  functionResources,
  openTestCloud,
  queueTrigger,
  startTestCloud,
  temporaryFolder,
} from './fixtures/stack.ts';

const source = `export const handler = async ({ Records }) => { for (const { body } of Records) console.log('got ' + body); };`;

function stack(assetDirectory: string, options: { isEnabled: boolean; visibilityTimeout?: number; keyName?: string }) {
  const keyName = options.keyName ?? 'pk';
  const Resources: Record<string, TemplateResource> = {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: keyName, KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: keyName, AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      },
    },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: options.visibilityTimeout ?? 30 } },
    Topic: { Type: 'AWS::SNS::Topic' },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Topic' },
        Protocol: 'sqs',
        Endpoint: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        RawMessageDelivery: true,
      },
    },
    Bucket: { Type: 'AWS::S3::Bucket' },
    ...functionResources(assetDirectory, 'Worker', { source }),
    ...queueTrigger('Worker', 'Queue', { Enabled: options.isEnabled }),
  };
  return { Resources };
}

it('finds everything again after a restart, under the same names and keys', async () => {
  const assetDirectory = temporaryFolder();
  const dataDirectory = temporaryFolder();
  const first = await openTestCloud(stack(assetDirectory, { isEnabled: false }), { assetDirectory, dataDirectory });
  const [TableName, Bucket] = [first.resource('Table').ref, first.resource('Bucket').ref];
  const accessKey = first.function('Worker').definition.environment.AWS_ACCESS_KEY_ID;
  await new DynamoDBClient(clientOptions(first)).send(new PutItemCommand({ TableName, Item: { pk: { S: 'kept' } } }));
  await new S3Client(clientOptions(first)).send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'body' }));
  const sqs = new SQSClient(clientOptions(first));
  const QueueUrl = first.resource('Queue').ref;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'waiting' }));
  // A message that was received and released is there, too.
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  const { ReceiptHandle } = Messages[0] ?? {};
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  const Data = Buffer.from('From: me@example.com\r\nSubject: kept\r\n\r\nbody');
  await new SESClient(clientOptions(first)).send(
    new SendRawEmailCommand({ RawMessage: { Data }, Source: 'me@example.com', Destinations: ['x@example.com'] }),
  );
  await first.close();

  const second = await startTestCloud(stack(assetDirectory, { isEnabled: true, visibilityTimeout: 60 }), {
    assetDirectory,
    dataDirectory,
  });
  await second.waitFor('output', ({ line }) => line === 'got waiting');
  expect(second.function('Worker').definition.environment.AWS_ACCESS_KEY_ID).toBe(accessKey);
  expect([second.resource('Table').ref, second.resource('Bucket').ref]).toEqual([TableName, Bucket]);
  const read = await new DynamoDBClient(clientOptions(second)).send(
    new GetItemCommand({ TableName, Key: { pk: { S: 'kept' } } }),
  );
  expect(read.Item).toEqual({ pk: { S: 'kept' } });
  const object = await new S3Client(clientOptions(second)).send(new GetObjectCommand({ Bucket, Key: 'kept' }));
  expect(await object.Body?.transformToString()).toBe('body');
  const messages = (await (await fetch(`${second.inboxUrl}/messages`)).json()) as unknown[];
  expect(messages).toHaveLength(1);
  expect(second.resource('Queue').ref.startsWith(second.awsEndpoint)).toBe(true);
});

it('refuses a folder whose table has other keys than the template', async () => {
  const assetDirectory = temporaryFolder();
  const dataDirectory = temporaryFolder();
  const first = await openTestCloud(stack(assetDirectory, { isEnabled: false }), { assetDirectory, dataDirectory });
  await first.close();
  const changed = stack(assetDirectory, { isEnabled: false, keyName: 'other' });
  await expect(startTestCloud(changed, { assetDirectory, dataDirectory })).rejects.toThrow('other keys or indexes');
});
