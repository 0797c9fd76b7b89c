import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createDynamoBodies } from '../../functions/adapters/aws/dynamodb/bodies.ts';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import { createS3Bodies } from '../../functions/adapters/aws/s3-bodies.ts';
import { createSqsBroker } from '../../functions/adapters/aws/sqs-broker.ts';
import type { BodyStore } from '../../functions/core/ports/bodies.ts';
import type { Broker, Delivery } from '../../functions/core/ports/broker.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import type { QueueName } from '../../functions/core/queues.ts';
import type { AwsCall, AwsService } from '../../lib/local/cloud/aws/call.ts';
import { createCalls } from '../../lib/local/cloud/aws/calls.ts';
import { createDynamoDbService } from '../../lib/local/cloud/aws/dynamodb.ts';
import { createFaults, type Faults } from '../../lib/local/cloud/aws/faults.ts';
import { startFront } from '../../lib/local/cloud/aws/front.ts';
import { AnswerLostError, type Pipeline } from '../../lib/local/cloud/aws/pipeline.ts';
import { createS3Service } from '../../lib/local/cloud/aws/s3.ts';
import { createSqsService } from '../../lib/local/cloud/aws/sqs.ts';
import { embedDynalite } from '../../lib/local/cloud/emulators/dynalite.ts';
import { embedFauxqs } from '../../lib/local/cloud/emulators/fauxqs.ts';
import { createHostCheck } from '../../lib/local/cloud/host-check.ts';

const region = 'us-east-1';
const accountId = '000000000000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const tableName = 'documents';
const bucket = 'bodies';

/** DynamoDB, SQS and S3 in this process, with table, queues and bucket for a backend, and the adapters for them. */
export interface AwsEmulators {
  readonly endpoint: string;
  readonly dynamo: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly broker: Broker;
  readonly options: {
    readonly tableName: string;
    readonly bodyBucket: string;
    readonly queueUrls: Record<QueueName, string>;
  };
  readonly faults: Faults;
  /** Every AWS call made so far, as `dynamodb.GetItem`. */
  readonly calls: string[];
  /** Receives and deletes the messages that can be received now. */
  receive(queue: QueueName): Promise<Delivery[]>;
  close(): Promise<void>;
}

/** Starts the emulators, and sets the environment variables of the AWS clients to them. */
export async function startAwsEmulators(): Promise<AwsEmulators> {
  const fauxqs = await embedFauxqs({ region });
  const dynalite = await embedDynalite({ region, accountId });
  const faults = createFaults();
  const calls: string[] = [];
  const services = new Map<string, AwsService>(
    [
      createDynamoDbService(dynalite, createCalls(), accountId, region),
      createSqsService(fauxqs, accountId, region),
      createS3Service(fauxqs, () => true),
    ].map((service) => [service.name, service]),
  );
  const pipeline: Pipeline = async (call) => {
    calls.push(`${call.service}.${call.action}`);
    const service = services.get(call.service);
    if (!service) throw new Error(`no service ${call.service}`);
    return hit(service, call, 'before') ?? (await executed(service, call));
  };
  const executed = async (service: AwsService, call: AwsCall) => {
    const answer = await service.handle(call);
    return hit(service, call, 'after') ?? answer;
  };
  const hit = (service: AwsService, call: AwsCall, when: 'before' | 'after') => {
    const effect = faults.take(call, when);
    if (effect?.kind === 'error') return service.error(effect.status, effect.code, effect.message);
    if (effect) throw new AnswerLostError(effect.kind);
    return undefined;
  };
  const front = await startFront({
    port: 0,
    services,
    pipeline,
    callerOf: () => ({ kind: 'operator' }),
    pages: [],
    hostCheck: createHostCheck(),
  });
  const clientOptions = { endpoint: front.endpoint, region, credentials, maxAttempts: 1 };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: front.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
  const dynamo = new DynamoDBClient(clientOptions);
  const sqs = new SQSClient(clientOptions);
  await createTable(dynamo);
  await new S3Client({ ...clientOptions, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: bucket }));
  const queueUrls = {
    transactional: await createQueue(sqs, front.endpoint, 'transactional'),
    bulk: await createQueue(sqs, front.endpoint, 'bulk'),
    webhook: await createQueue(sqs, front.endpoint, 'webhook'),
    'webhook-slow': await createQueue(sqs, front.endpoint, 'webhook-slow'),
    tasks: await createQueue(sqs, front.endpoint, 'tasks'),
    'tasks-bulk': await createQueue(sqs, front.endpoint, 'tasks-bulk'),
  };
  return {
    endpoint: front.endpoint,
    dynamo,
    sqs,
    table: createDynamoTable(dynamo, tableName),
    bodies: createDynamoBodies(dynamo, tableName, async () => createS3Bodies(bucket)),
    broker: createSqsBroker(sqs, queueUrls),
    options: { tableName, bodyBucket: bucket, queueUrls },
    faults,
    calls,
    receive: (queue) => receive(sqs, queueUrls[queue], queue),
    close: async () => {
      dynamo.destroy();
      sqs.destroy();
      await front.close();
      await fauxqs.close();
      await dynalite.close();
    },
  };
}

async function createQueue(sqs: SQSClient, endpoint: string, QueueName: string): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }));
  // The client connects to the host of the URL, and the host that fauxqs answers does not resolve.
  return new URL(new URL(QueueUrl).pathname, endpoint).href;
}

async function createTable(dynamo: DynamoDBClient): Promise<void> {
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' as const });
  const index = (name: string) => ({
    IndexName: name,
    KeySchema: [
      { AttributeName: `${name}Partition`, KeyType: 'HASH' as const },
      { AttributeName: `${name}Sort`, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  });
  await dynamo.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      AttributeDefinitions: ['key', 'listPartition', 'listSort', 'duePartition', 'dueSort'].map(text),
      GlobalSecondaryIndexes: [index('list'), index('due')],
    }),
  );
}

async function receive(sqs: SQSClient, QueueUrl: string, queue: QueueName): Promise<Delivery[]> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  if (Messages.length > 0) {
    const Entries = Messages.map(({ ReceiptHandle = '' }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
  return Messages.map(({ MessageId = '', Body = '' }) => ({ id: MessageId, body: Body, queue }));
}
