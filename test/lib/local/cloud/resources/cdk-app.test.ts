import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, StreamViewType, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import {
  Code,
  type FunctionProps,
  FunctionUrlAuthType,
  Function as LambdaFunctionOf,
  LayerVersion,
  Runtime,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { LambdaSubscription, SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { App, CfnOutput, CustomResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Template } from '../../../../../lib/local/cloud/template.ts';
import { clientOptions, openTestCloud, startTestCloud, type TestCloud, temporaryFolder } from '../fixtures/stack.ts';

const sources = join(import.meta.dirname, '..', 'fixtures', 'shop');

/** Synthesizes a stack as a beginner's app does. */
function synthesized(build: (stack: Stack, code: (files: Record<string, string>) => Code) => void) {
  const folder = temporaryFolder();
  // The app is a module. On AWS a `.js` file of a function without a package.json is CommonJS all the same.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const assetDirectory = join(folder, 'cdk.out');
  const app = new App({ outdir: assetDirectory, analyticsReporting: false, builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Shop');
  let count = 0;
  build(stack, (files) => {
    count += 1;
    const source = join(folder, `source-${count}`);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(source, { recursive: true });
      writeFileSync(join(source, name), content);
    }
    return Code.fromAsset(source);
  });
  const template = app.synth().getStackArtifact(stack.artifactId).template as Template;
  return { template, assetDirectory };
}

/** NodejsFunction bundles by itself, but not in a worker thread: it hands the process's stdout to a child. */
function bundled(source: string): Code {
  const outdir = temporaryFolder();
  const entryPoints = { index: join(sources, source) };
  buildSync({ entryPoints, outdir, bundle: true, minify: true, platform: 'node', target: 'node22' });
  return Code.fromAsset(outdir);
}

const inline = (body: string, parameters = 'event') =>
  Code.fromInline(`exports.handler = async (${parameters}) => { ${body} };`);
const printing = inline("console.log('got ' + JSON.stringify(event));");
const runtime = Runtime.NODEJS_22_X;
const handler = 'index.handler';

/** A shop: an order comes by HTTP, goes over a queue into a table; orders that fail end in a dead-letter queue. */
function shop(stack: Stack, code: (files: Record<string, string>) => Code): void {
  const removed = { removalPolicy: RemovalPolicy.DESTROY };
  const deadLetters = new Queue(stack, 'DeadLetters', { retentionPeriod: Duration.days(14) });
  const orders = new Queue(stack, 'Orders', { deadLetterQueue: { queue: deadLetters, maxReceiveCount: 5 } });
  const table = new TableV2(stack, 'Table', {
    partitionKey: { name: 'id', type: AttributeType.STRING },
    globalSecondaryIndexes: [{ indexName: 'byDay', partitionKey: { name: 'day', type: AttributeType.STRING } }],
    timeToLiveAttribute: 'expires',
    ...removed,
  });
  new Table(stack, 'Customers', {
    partitionKey: { name: 'id', type: AttributeType.STRING },
    sortKey: { name: 'atMs', type: AttributeType.NUMBER },
    stream: StreamViewType.NEW_IMAGE,
    ...removed,
  }).addGlobalSecondaryIndex({ indexName: 'byId', partitionKey: { name: 'id', type: AttributeType.STRING } });
  const files = new Bucket(stack, 'Files', {
    versioned: true,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(30) }],
    autoDeleteObjects: true,
    ...removed,
  });
  const greeting = new StringParameter(stack, 'Greeting', { stringValue: 'hello', parameterName: '/shop/greeting' });
  const password = new Secret(stack, 'Password', {
    generateSecretString: {
      secretStringTemplate: '{"user":"shop"}',
      generateStringKey: 'password',
      excludePunctuation: true,
    },
  });

  const api = new NodejsFunction(stack, 'Api', {
    code: bundled('order-api.ts'),
    handler,
    runtime,
    environment: { QUEUE_URL: orders.queueUrl, PARAMETER: greeting.parameterName, SECRET: password.secretArn },
    logGroup: new LogGroup(stack, 'ApiLog', { retention: RetentionDays.ONE_WEEK }),
    timeout: Duration.seconds(20),
    memorySize: 256,
  });
  orders.grantSendMessages(api);
  greeting.grantRead(api);
  password.grantRead(api);
  new HttpApi(stack, 'HttpApi', { defaultIntegration: new HttpLambdaIntegration('Integration', api) });
  const url = api.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
  new CfnOutput(stack, 'Url', { value: url.url });

  const worker = new NodejsFunction(stack, 'Worker', {
    code: bundled('order-worker.ts'),
    handler,
    runtime,
    environment: { TABLE: table.tableName, BUCKET: files.bucketName },
    timeout: Duration.seconds(20),
    memorySize: 256,
  });
  table.grantReadWriteData(worker);
  files.grantPut(worker);
  worker.addEventSource(new SqsEventSource(orders, { batchSize: 5, reportBatchItemFailures: true }));

  const common = new LambdaFunctionOf(stack, 'Common', {
    code: code({
      'index.js':
        "const { double } = require('./double.js'); exports.handler = (event, context, callback) => callback(null, double(event.value));",
      'double.js': 'exports.double = (value) => 2 * value;',
    }),
    handler,
    runtime,
  });
  common.addAlias('live');
  new LambdaFunctionOf(stack, 'Module', {
    code: code({
      'index.mjs': "export const handler = async () => ({ module: import.meta.url.startsWith('file:') });",
    }),
    handler,
    runtime,
  });
  const topic = new Topic(stack, 'Topic');
  topic.addSubscription(
    new LambdaSubscription(new LambdaFunctionOf(stack, 'OnTopic', { code: printing, handler, runtime })),
  );
  topic.addSubscription(new SqsSubscription(new Queue(stack, 'FromTopic', { fifo: false })));
  new Queue(stack, 'Fifo', { fifo: true, contentBasedDeduplication: true });
  const target = new LambdaFunctionOf(stack, 'OnSchedule', { code: printing, handler, runtime });
  new Rule(stack, 'Rule', {
    schedule: Schedule.cron({ minute: '0', hour: '8', weekDay: 'MON-FRI' }),
    targets: [new LambdaFunction(target)],
  });
  new scheduler.Schedule(stack, 'Schedule', {
    schedule: scheduler.ScheduleExpression.rate(Duration.hours(1)),
    target: new LambdaInvoke(target, {}),
  });
}

describe("a beginner's stack", () => {
  let cloud: TestCloud;
  let template: Template;
  beforeAll(async () => {
    const stack = synthesized(shop);
    template = stack.template;
    cloud = await openTestCloud(template, {
      assetDirectory: stack.assetDirectory,
      overrides: { visibilityTimeoutSeconds: 1 },
    });
  }, 60_000);
  afterAll(() => cloud?.close());

  /** The Ref of a construct's own resource: the CDK appends eight digits to its id. */
  const ref = (id: string) => {
    const logicalId = Object.keys(template.Resources).find((name) => new RegExp(`^${id}[0-9A-F]{8}$`).test(name));
    return cloud.resource(logicalId ?? id).ref;
  };
  const post = async (url: string, order: unknown) =>
    (
      await fetch(url, { method: 'POST', body: JSON.stringify(order), headers: { 'content-type': 'application/json' } })
    ).json();

  it('takes an order by its API and by a function URL, and works it off with its queue, table and bucket', async () => {
    const answer = { greeting: 'hello', user: 'shop', passwordLength: 32 };
    expect(await post(`${cloud.apiUrl}/orders`, { id: '1' })).toEqual(answer);
    expect(await post(cloud.outputs.Url ?? '', { id: '2' })).toEqual(answer);
    await cloud.idle();
    const [dynamo, TableName] = [new DynamoDBClient(clientOptions(cloud)), ref('Table')];
    for (const id of ['1', '2']) {
      expect((await dynamo.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }))).Item).toBeDefined();
    }
    expect(cloud.events.filter(({ kind }) => kind === 'denied')).toEqual([]);
  });

  it('moves an order that fails to the dead-letter queue', async () => {
    const sqs = new SQSClient(clientOptions(cloud));
    await sqs.send(new SendMessageCommand({ QueueUrl: ref('Orders'), MessageBody: '{}' }));
    const QueueUrl = ref('DeadLetters');
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    expect(Messages).toMatchObject([{ Body: '{}' }]);
  });

  it('runs handlers of every kind: CommonJS with a callback, a module, code in the template', async () => {
    expect(await cloud.function('Common').invoke({ value: 2 })).toEqual({ payload: 4 });
    expect(await cloud.function('Module').invoke({})).toEqual({ payload: { module: true } });
    expect(await cloud.function('OnSchedule').invoke({})).toEqual({ payload: null });
  });

  it('delivers published messages to functions and queues', async () => {
    const TopicArn = ref('Topic');
    await new SNSClient(clientOptions(cloud)).send(new PublishCommand({ TopicArn, Message: 'sold', Subject: 'News' }));
    const { line } = await cloud.waitFor('output', ({ functionName }) => functionName.startsWith('OnTopic'));
    expect(JSON.parse(line.slice('got '.length)).Records).toMatchObject([
      { EventSource: 'aws:sns', Sns: { TopicArn, Message: 'sold', Subject: 'News', Type: 'Notification' } },
    ]);
    const QueueUrl = ref('FromTopic');
    const received = await new SQSClient(clientOptions(cloud)).send(new ReceiveMessageCommand({ QueueUrl }));
    expect(JSON.parse(received.Messages?.[0]?.Body ?? '')).toMatchObject({ Message: 'sold' });
  });

  it('has a FIFO queue that drops duplicates', async () => {
    const [sqs, QueueUrl] = [new SQSClient(clientOptions(cloud)), ref('Fifo')];
    for (let times = 0; times < 2; times += 1) {
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'once', MessageGroupId: 'all' }));
    }
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(Messages).toHaveLength(1);
  });
});

describe('a stack with something that does not run here is refused by name', () => {
  const aFunction = (stack: Stack, props: Partial<FunctionProps> = {}) =>
    new LambdaFunctionOf(stack, 'Broken', { code: printing, handler, runtime, ...props });

  it.each<[string, (stack: Stack, code: (files: Record<string, string>) => Code) => void, RegExp]>([
    [
      'a function in Python',
      (stack) =>
        void aFunction(stack, { runtime: Runtime.PYTHON_3_13, code: Code.fromInline('def handler(e, c): pass') }),
      /AWS::Lambda::Function Broken\w+ .*python3\.13 does not run locally/,
    ],
    [
      'a function with a layer',
      (stack) => {
        const arn = 'arn:aws:lambda:us-east-1:1:layer:x:1';
        aFunction(stack, { layers: [LayerVersion.fromLayerVersionArn(stack, 'Layer', arn)] });
      },
      /AWS::Lambda::Function Broken\w+ .*layers/,
    ],
    [
      'a trigger that filters',
      (stack) =>
        aFunction(stack).addEventSource(
          new SqsEventSource(new Queue(stack, 'Queue'), { filters: [{ pattern: '{}' }] }),
        ),
      /AWS::Lambda::EventSourceMapping Broken\w+ .*FilterCriteria/,
    ],
    [
      "a table's stream",
      (stack) => {
        const partitionKey = { name: 'id', type: AttributeType.STRING };
        const table = new Table(stack, 'Table', { partitionKey, stream: StreamViewType.NEW_IMAGE });
        aFunction(stack).addEventSource(new DynamoEventSource(table, { startingPosition: StartingPosition.LATEST }));
      },
      /AWS::Lambda::EventSourceMapping Broken\w+ .*only SQS event sources/,
    ],
    ['a network', (stack) => void new Vpc(stack, 'Vpc'), /AWS::EC2::VPC \(Vpc\w+\)/],
    [
      'a custom resource',
      (stack) => void new CustomResource(stack, 'Own', { serviceToken: 'arn:x', resourceType: 'Custom::Own' }),
      /Custom::Own \(Own\)/,
    ],
  ])('%s', async (_name, build, message) => {
    const { template, assetDirectory } = synthesized(build);
    await expect(startTestCloud(template, { assetDirectory })).rejects.toThrow(message);
  });
});
