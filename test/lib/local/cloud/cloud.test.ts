import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import {
  clientOptions,
  functionResources,
  httpApiResources,
  queueTrigger,
  startTestCloud,
  temporaryFolder,
} from './fixtures/stack.ts';

const apiSource = `
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { S3Client, PutObjectCommand } from '@aws-sdk/client-s3';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
const [dynamo, s3, sqs] = [new DynamoDBClient(), new S3Client(), new SQSClient()];
export const handler = async (event) => {
  const id = event.rawPath.slice(1);
  await Promise.all([
    dynamo.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: id } } })),
    s3.send(new PutObjectCommand({ Bucket: process.env.BUCKET, Key: id, Body: event.body })),
    sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: id })),
  ]);
  return { statusCode: 202, body: id };
};`;

const workerSource = `
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
const dynamo = new DynamoDBClient();
export const handler = async ({ Records }) => {
  for (const { body } of Records) {
    const Key = { pk: { S: body } };
    await dynamo.send(new UpdateItemCommand({ TableName: process.env.TABLE, Key, UpdateExpression: 'SET done = :t', ExpressionAttributeValues: { ':t': { BOOL: true } } }));
  }
};`;

it('runs a template: request, table, bucket, queue, worker', async () => {
  const assetDirectory = temporaryFolder();
  const Arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] }) as unknown as string;
  const template = {
    Resources: {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          BillingMode: 'PAY_PER_REQUEST',
        },
      },
      Bucket: { Type: 'AWS::S3::Bucket' },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 30 } },
      ...functionResources(assetDirectory, 'ApiFunction', {
        source: apiSource,
        statements: [
          { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: Arn('Table') },
          {
            Effect: 'Allow',
            Action: 's3:PutObject*',
            Resource: { 'Fn::Join': ['', [Arn('Bucket'), '/*']] } as unknown as string,
          },
          { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: Arn('Queue') },
        ],
        properties: {
          Environment: { Variables: { TABLE: { Ref: 'Table' }, BUCKET: { Ref: 'Bucket' }, QUEUE: { Ref: 'Queue' } } },
        },
      }),
      ...httpApiResources('ApiFunction'),
      ...functionResources(assetDirectory, 'Worker', {
        source: workerSource,
        statements: [{ Effect: 'Allow', Action: 'dynamodb:UpdateItem', Resource: Arn('Table') }],
        properties: { Environment: { Variables: { TABLE: { Ref: 'Table' } } } },
      }),
      ...queueTrigger('Worker', 'Queue'),
    },
    Outputs: { Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } },
  };
  const cloud = await startTestCloud(template, { assetDirectory });
  const response = await fetch(`${cloud.apiUrl}/hello`, { method: 'POST', body: 'text' });
  expect(await response.text()).toBe('hello');
  expect(response.status).toBe(202);
  await cloud.idle();
  expect(cloud.outputs).toEqual({ Url: cloud.apiUrl });
  const sqs = new SQSClient(clientOptions(cloud));
  await sqs.send(new SendMessageCommand({ QueueUrl: cloud.resource('Queue').ref, MessageBody: 'x' }));
  await cloud.idle();
  expect(cloud.calls.total({ functionName: 'Worker', service: 'dynamodb', action: 'UpdateItem' })).toBe(2);
});
