import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import {
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FaultRule } from '../../../../../lib/local/cloud/aws/faults.ts';
import { clientOptions, functionResources, openTestCloud, type TestCloud, temporaryFolder } from '../fixtures/stack.ts';

/** Makes the AWS call that its event names, without retries, and returns the answer. */
const source = `
import { DynamoDBClient, PutItemCommand, QueryCommand, BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient, InvokeCommand } from '@aws-sdk/client-lambda';
import { S3Client, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { SQSClient, SendMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
const options = { maxAttempts: 1 };
const [dynamo, lambda, s3, ses, sqs] = [DynamoDBClient, LambdaClient, S3Client, SESClient, SQSClient].map((Client) => new Client(options));
const { TABLE: TableName, QUEUE: QueueUrl, BUCKET: Bucket, OTHER: FunctionName } = process.env;
const RawMessage = { Data: Buffer.from('From: Me <me@example.com>\\r\\nTo: you@example.com\\r\\nSubject: x\\r\\n\\r\\nx') };
const calls = {
  putItem: ({ id = 'a', TableName: name = TableName }) => dynamo.send(new PutItemCommand({ TableName: name, Item: { pk: { S: id } } })),
  query: () => dynamo.send(new QueryCommand({ TableName, IndexName: 'byOwner', KeyConditionExpression: 'o = :o', ExpressionAttributeValues: { ':o': { S: 'x' } } })),
  batchGet: () => dynamo.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [{ pk: { S: 'a' } }] } } })),
  invoke: ({ type }) => lambda.send(new InvokeCommand({ FunctionName, InvocationType: type, Payload: '{"a":1}' })),
  putObject: ({ key }) => s3.send(new PutObjectCommand({ Bucket, Key: key, Body: 'body' })),
  getObject: async ({ key }) => { const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key })); return { body: await Body.transformToString() }; },
  sendRawEmail: (more) => ses.send(new SendRawEmailCommand({ RawMessage, Destinations: ['you@example.com'], ...more })),
  sendMessage: () => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' })),
  sendMessageBatch: () => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: '1', MessageBody: 'x' }] })),
};
export const handler = async ({ call, ...input }) => {
  try {
    const answer = await calls[call](input);
    return { ok: true, answer };
  } catch (error) {
    return { name: error.name, message: error.message, status: error.$metadata?.httpStatusCode };
  }
};`;

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] }) as unknown as string;
const joined = (...parts: unknown[]) => ({ 'Fn::Join': ['', parts] }) as unknown as string;

async function openCloud(): Promise<TestCloud> {
  const assetDirectory = temporaryFolder();
  const variables = {
    TABLE: { Ref: 'Table' },
    QUEUE: { Ref: 'Queue' },
    BUCKET: { Ref: 'Bucket' },
    OTHER: { Ref: 'Other' },
  };
  const caller = (logicalId: string, statements: Parameters<typeof functionResources>[2]['statements'] = []) =>
    functionResources(assetDirectory, logicalId, {
      source,
      statements,
      properties: { Environment: { Variables: variables } },
    });
  const allow = (Action: string | string[], Resource: string) => ({ Effect: 'Allow', Action, Resource });
  const Resources = {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: ['pk', 'o'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        BillingMode: 'PAY_PER_REQUEST',
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byOwner',
            KeySchema: [{ AttributeName: 'o', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      },
    },
    Queue: { Type: 'AWS::SQS::Queue' },
    Bucket: { Type: 'AWS::S3::Bucket' },
    Mail: { Type: 'AWS::SES::ConfigurationSet', Properties: { Name: 'mail' } },
    ...functionResources(assetDirectory, 'Other', {
      source: 'export const handler = async (event) => ({ got: event });',
    }),
    ...caller('Mayeverything', [
      allow('dynamodb:*', arn('Table')),
      allow('dynamodb:Query', joined(arn('Table'), '/index/*')),
      allow('sqs:SendMessage', arn('Queue')),
      allow(['s3:PutObject', 's3:GetObject'], joined(arn('Bucket'), '/*')),
      allow('lambda:InvokeFunction', arn('Other')),
      allow(
        'ses:SendRawEmail',
        joined('arn:aws:ses:', { Ref: 'AWS::Region' }, ':', { Ref: 'AWS::AccountId' }, ':identity/example.com'),
      ),
    ]),
    ...caller('Maynothing'),
    ...caller('Maylist', [allow('s3:GetObject', joined(arn('Bucket'), '/*')), allow('s3:ListBucket', arn('Bucket'))]),
  };
  return await openTestCloud({ Resources }, { assetDirectory });
}

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await openCloud();
  return () => cloud.close();
});
beforeEach(() => {
  cloud.faults.clear();
  cloud.calls.reset();
});

type Outcome = { ok?: boolean; answer?: Record<string, unknown>; name?: string; message?: string; status?: number };
async function ask(functionName: string, call: string, input: Record<string, unknown> = {}): Promise<Outcome> {
  const { payload, error } = await cloud.function(functionName).invoke({ call, ...input });
  if (error) throw new Error(error.errorMessage);
  return payload as Outcome;
}

describe('permissions', () => {
  it.each([
    ['putItem', {}],
    ['batchGet', {}],
    ['query', {}],
    ['sendMessage', {}],
    ['sendMessageBatch', {}],
    ['putObject', { key: 'a/b c' }],
    ['getObject', { key: 'a/b c' }],
    ['invoke', {}],
    ['sendRawEmail', { Source: 'me@example.com' }],
    ['sendRawEmail', {}],
  ])('%s goes through with the role of the template: %o', async (call, input) => {
    expect(await ask('Mayeverything', call, input)).toMatchObject({ ok: true });
  });

  it.each([
    ['putItem', 'AccessDeniedException', 400, 'dynamodb:PutItem', 'table/local-Table'],
    ['query', 'AccessDeniedException', 400, 'dynamodb:Query', 'table/local-Table/index/byOwner'],
    ['sendMessage', 'AccessDenied', 403, 'sqs:SendMessage', ':local-Queue'],
    ['sendMessageBatch', 'AccessDenied', 403, 'sqs:SendMessage', ':local-Queue'],
    ['invoke', 'AccessDeniedException', 403, 'lambda:InvokeFunction', 'function:local-Other'],
    ['putObject', 'AccessDenied', 403, 's3:PutObject', ':::local-bucket/key'],
    ['sendRawEmail', 'AccessDenied', 403, 'ses:SendRawEmail', 'identity/me@example.com'],
  ])('%s without a statement ends in %s, as from AWS, and loudly', async (call, name, status, action, resource) => {
    const outcome = await ask('Maynothing', call, { key: 'key' });
    expect(outcome.name).toContain(name);
    expect(outcome).toMatchObject({ status, message: expect.stringContaining(`not authorized to perform: ${action}`) });
    await cloud.waitFor(
      'denied',
      (e) => e.functionName === 'Maynothing' && e.action === action && e.resource.endsWith(resource),
    );
  });

  it('cover the configuration set a mail names', async () => {
    const outcome = await ask('Mayeverything', 'sendRawEmail', { ConfigurationSetName: 'mail' });
    expect(outcome).toMatchObject({ status: 403, message: expect.stringContaining('configuration-set/mail') });
  });

  it('without ListBucket a missing key looks like a forbidden one', async () => {
    expect(await ask('Mayeverything', 'getObject', { key: 'missing' })).toMatchObject({
      name: 'AccessDenied',
      status: 403,
    });
    expect(await ask('Maylist', 'getObject', { key: 'missing' })).toMatchObject({ name: 'NoSuchKey', status: 404 });
  });

  it('are told apart by the key a call is signed with; the operator may do everything, a stranger nothing', async () => {
    const stranger = new DynamoDBClient({
      ...clientOptions(cloud),
      credentials: { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' },
    });
    await expect(stranger.send(new ListTablesCommand())).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    const { TableNames } = await new DynamoDBClient(clientOptions(cloud)).send(new ListTablesCommand());
    expect(TableNames).toEqual(['local-Table']);
  });

  it('are recorded: the decisions, and the grants that no call needed', async () => {
    await ask('Mayeverything', 'sendMessage');
    expect(cloud.permissions()).toContainEqual({
      functionName: 'Mayeverything',
      action: 'sqs:SendMessage',
      resource: cloud.resource('Queue').attributes.Arn,
      allowed: true,
    });
    const unused = cloud.unusedGrants().filter(({ role }) => role === 'local-MaylistRole');
    expect(unused.map(({ action }) => action)).toContain('logs:putlogevents');
    expect(
      cloud.unusedGrants().some(({ action, role }) => action === 'sqs:sendmessage' && role.includes('Mayeverything')),
    ).toBe(false);
  });
});

describe('gaps of the emulators', () => {
  const operator = () => new SQSClient({ ...clientOptions(cloud), maxAttempts: 1 });
  const QueueUrl = () => cloud.resource('Queue').ref;

  it('SQS refuses delays above 900 s, in a batch only the entry that has one', async () => {
    const single = new SendMessageCommand({ QueueUrl: QueueUrl(), MessageBody: 'x', DelaySeconds: 901 });
    await expect(operator().send(single)).rejects.toMatchObject({ message: expect.stringContaining('901') });
    const delays = { tooLong: 901, longest: 900, negative: -1, none: undefined };
    const Entries = Object.entries(delays).map(([Id, DelaySeconds]) => ({ Id, MessageBody: 'x', DelaySeconds }));
    const { Successful, Failed } = await operator().send(
      new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries }),
    );
    expect(Successful?.map(({ Id }) => Id)).toEqual(['longest', 'none']);
    expect(Failed).toMatchObject([
      { Id: 'tooLong', SenderFault: true, Code: 'InvalidParameterValue', Message: expect.stringContaining('<= 900') },
      { Id: 'negative', SenderFault: true, Code: 'InvalidParameterValue' },
    ]);
    const [first] = Entries;
    const allBad = new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries: first ? [first] : [] });
    expect(await operator().send(allBad)).toMatchObject({ Failed: [{ Id: 'tooLong' }] });
    await operator().send(new SendMessageCommand({ QueueUrl: QueueUrl(), MessageBody: 'x', DelaySeconds: 900 }));
  });

  it('names an action it does not have', async () => {
    const QueueArn = cloud.resource('Queue').attributes.Arn ?? '';
    await expect(operator().send(new ListMessageMoveTasksCommand({ SourceArn: QueueArn }))).rejects.toThrow(
      'sqs:ListMessageMoveTasks',
    );
    const lambda = new LambdaClient({ ...clientOptions(cloud), maxAttempts: 1 });
    await expect(lambda.send(new ListFunctionsCommand())).rejects.toThrow('no lambda action for GET');
  });

  it('names a service it does not have', async () => {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=AKIALOCALOPERATOR000/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0';
    const response = await fetch(cloud.awsEndpoint, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-amz-json-1.1' },
    });
    expect(response.status).toBe(501);
    expect(await response.text()).toContain('no AWS service \\"kinesis\\"');
  });

  it('refuses unsigned calls, but shows the inbox', async () => {
    expect((await fetch(`${cloud.awsEndpoint}/bucket/key`)).status).toBe(403);
    const inbox = await fetch(`${cloud.inboxUrl}/messages`);
    expect(inbox.status).toBe(200);
    expect(Array.isArray(await inbox.json())).toBe(true);
  });

  it('lets Lambda invoke Lambda, waiting or not', async () => {
    const { answer } = await ask('Mayeverything', 'invoke');
    expect(answer).toMatchObject({ StatusCode: 200 });
    const lambda = new LambdaClient(clientOptions(cloud));
    const FunctionName = cloud.function('Other').arn;
    const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{"b":2}' }));
    expect([JSON.parse(Payload?.transformToString() ?? ''), FunctionError]).toEqual([{ got: { b: 2 } }, undefined]);
    const event = await lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: '{}' }));
    expect(event.StatusCode).toBe(202);
    await cloud.idle();
    const missing = lambda.send(new InvokeCommand({ FunctionName: 'nobody' }));
    await expect(missing).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const large = lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify('x'.repeat(6 * 1024 * 1024)) }),
    );
    await expect(large).rejects.toMatchObject({ name: 'RequestTooLargeException' });
  });

  it('keeps bytes as they are on their way to S3 and back', async () => {
    const s3 = new S3Client(clientOptions(cloud));
    const Bucket = cloud.resource('Bucket').ref;
    const Body = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 256));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'bytes', Body, ContentEncoding: 'br' }));
    const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'bytes' }));
    expect(Buffer.from((await read.Body?.transformToByteArray()) ?? [])).toEqual(Body);
    expect(read.ContentEncoding).toBe('br');
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'bytes' }))).toMatchObject({ ContentLength: 300 });
    expect((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'byt' }))).KeyCount).toBe(1);
  });

  it('hands mail to SES and shows it in the inbox', async () => {
    const ses = new SESClient(clientOptions(cloud));
    const Data = Buffer.from('From: op@example.com\r\nSubject: from the operator\r\n\r\nbody');
    const { MessageId } = await ses.send(
      new SendRawEmailCommand({ RawMessage: { Data }, Destinations: ['x@example.com'], Source: 'op@example.com' }),
    );
    const messages = (await (await fetch(`${cloud.inboxUrl}/messages`)).json()) as { messageId: string }[];
    expect(messages.map(({ messageId }) => messageId)).toContain(MessageId);
  });
});

describe('faults', () => {
  const base: Pick<FaultRule, 'service' | 'action'> = { service: 'dynamodb', action: 'PutItem' };
  const stored = async (id: string) => {
    const dynamo = new DynamoDBClient(clientOptions(cloud));
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: 'local-Table', Key: { pk: { S: id } } }));
    return Item !== undefined;
  };
  const error = { kind: 'error', status: 400, code: 'ThrottlingException', message: 'slow down' } as const;

  it('before: the call fails in the service’s own form and was not executed', async () => {
    const fault = cloud.faults.add({ ...base, when: 'before', effect: error });
    expect(await ask('Mayeverything', 'putItem', { id: 'before' })).toEqual({
      name: 'ThrottlingException',
      message: 'slow down',
      status: 400,
    });
    expect(await stored('before')).toBe(false);
    expect(fault.hits).toBe(1);
    fault.remove();
    expect(await ask('Mayeverything', 'putItem', { id: 'before' })).toMatchObject({ ok: true });
  });

  it('after: the call fails and was executed', async () => {
    cloud.faults.add({ ...base, when: 'after', effect: error });
    expect(await ask('Mayeverything', 'putItem', { id: 'after' })).toMatchObject({ name: 'ThrottlingException' });
    expect(await stored('after')).toBe(true);
  });

  it.each([
    ['before', false],
    ['after', true],
  ] as const)('drop %s: the socket dies; executed: %s', async (when, executed) => {
    cloud.faults.add({ ...base, when, effect: { kind: 'drop' } });
    const outcome = await ask('Mayeverything', 'putItem', { id: `drop-${when}` });
    expect(outcome.ok).toBeUndefined();
    expect(outcome.status).toBeUndefined();
    expect(await stored(`drop-${when}`)).toBe(executed);
  });

  it.each([
    ['before', false],
    ['after', true],
  ] as const)('kill %s: the calling instance dies, no other; executed: %s', async (when, executed) => {
    const fault = cloud.faults.add({ ...base, when, times: 1, effect: { kind: 'kill' } });
    const { error: failure } = await cloud.function('Mayeverything').invoke({ call: 'putItem', id: `kill-${when}` });
    await fault.triggered;
    expect(failure?.errorMessage).toContain('signal: killed');
    expect(await stored(`kill-${when}`)).toBe(executed);
    expect(await ask('Mayeverything', 'putItem')).toMatchObject({ ok: true });
  });

  it('hold: the call waits until it is let go', async () => {
    const gate = Promise.withResolvers<void>();
    const fault = cloud.faults.add({ ...base, when: 'before', effect: { kind: 'hold', until: gate.promise } });
    const running = ask('Mayeverything', 'putItem', { id: 'held' });
    await fault.triggered;
    expect(await stored('held')).toBe(false);
    gate.resolve();
    expect(await running).toMatchObject({ ok: true });
  });

  it('hit only the function, the body, the count they are made for', async () => {
    const hits = { functionName: 'Mayev', match: (body: string) => body.includes('"hit"'), skip: 1, times: 1 };
    const fault = cloud.faults.add({ ...base, ...hits, when: 'before', effect: error });
    const dynamo = new DynamoDBClient(clientOptions(cloud));
    await dynamo.send(new PutItemCommand({ TableName: 'local-Table', Item: { pk: { S: 'hit' } } }));
    const ids = ['other', 'hit', 'hit', 'hit'];
    const outcomes: unknown[] = [];
    for (const id of ids) outcomes.push((await ask('Mayeverything', 'putItem', { id })).ok ?? false);
    expect(outcomes).toEqual([true, true, false, true]);
    expect(fault.hits).toBe(1);
  });
});

describe('counters', () => {
  it('count calls by function, service and action, and DynamoDB units when asked to', async () => {
    await ask('Mayeverything', 'putItem');
    cloud.calls.countUnits = true;
    await ask('Mayeverything', 'putItem');
    await ask('Mayeverything', 'batchGet');
    cloud.calls.countUnits = false;
    await new SQSClient(clientOptions(cloud)).send(
      new ReceiveMessageCommand({ QueueUrl: cloud.resource('Queue').ref }),
    );
    const counted = { functionName: 'Mayeverything', service: 'dynamodb' };
    expect(cloud.calls.snapshot()).toEqual([
      { ...counted, action: 'PutItem', count: 2, readUnits: 0, writeUnits: 1 },
      { ...counted, action: 'BatchGetItem', count: 1, readUnits: 0.5, writeUnits: 0 },
      { functionName: 'operator', service: 'sqs', action: 'ReceiveMessage', count: 1, readUnits: 0, writeUnits: 0 },
    ]);
    expect(cloud.calls.total({ functionName: 'May', service: 'dynamodb' })).toBe(3);
    expect(cloud.calls.total()).toBe(4);
  });
});
