import { brotliDecompressSync } from 'node:zlib';
import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createUpstashRequester } from '../../../functions/adapters/redis/requester.ts';
import type { LocalSendoff } from '../../../lib/local/start.ts';

/** The stores of a deployment: read whole, and written with what the service would never write. */
export interface Stored {
  /** All that is in the database, the bucket and the dead-letter queue, as readable text; bodies are unpacked. */
  everything(): Promise<string>;
  /** Puts a text where a document should be. */
  putDamaged(key: string, text: string): Promise<void>;
  /** Puts a message among the dead letters; with backend=redis as one of this queue, by default the webhooks'. */
  bury(body: string, queue?: string): Promise<void>;
  /** The same for a report of SES, which comes over SQS with either backend. */
  buryFeedback(body: string): Promise<void>;
}

const BROTLI_LEAST_BYTES = 20;

/** Opens it with clients of its own, which also see what the service does not read. */
export function openStored({ cloud, redis }: LocalSendoff): Stored {
  const { awsEndpoint: endpoint, credentials, outputs } = cloud;
  const aws = { endpoint, region: 'us-east-1', credentials };
  const dynamo = new DynamoDBClient(aws);
  const sqs = new SQSClient(aws);
  const { TableName, DeadLetterQueueUrl: QueueUrl, BodyBucketName: Bucket } = outputs;
  const command = async <T>(...body: string[]): Promise<T> => {
    if (!redis) throw new Error('the backend is redis');
    return (await createUpstashRequester({ credentials: async () => redis }).request<T>({ body })).result as T;
  };
  const keyOf = (name: string) => `{sendoff:${outputs.RedisNamespace}}:${name}`;
  const buryFeedback = async (MessageBody: string) =>
    void (await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })));

  const inDynamo = async () => {
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName }));
    return Items.map((item) => JSON.stringify(item) + readable(item.bytes?.B));
  };
  const inRedis = async () => {
    const keys = await command<string[]>('KEYS', '*');
    const readers: Record<string, (key: string) => Promise<unknown>> = {
      string: async (key) => {
        const text = await command<string>('GET', key);
        return text + readable(key.includes('doc:body#') ? Buffer.from(text, 'base64') : undefined);
      },
      zset: (key) => command('ZRANGE', key, '0', '-1'),
      stream: (key) => command('XRANGE', key, '-', '+'),
    };
    const read = async (key: string) =>
      `${key} ${JSON.stringify(await readers[await command<string>('TYPE', key)]?.(key))}`;
    return Promise.all(keys.map(read));
  };
  const inQueue = async () => {
    const request = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(request));
    return Messages.map(({ Body = '' }) => Body);
  };
  const inBucket = async () => {
    const { Contents = [] } = await new S3Client({ ...aws, forcePathStyle: true }).send(
      new ListObjectsV2Command({ Bucket }),
    );
    return Contents.map(({ Key = '' }) => Key);
  };
  return {
    everything: async () => {
      const [database, queue, bucket] = await Promise.all([
        redis ? inRedis() : inDynamo(),
        inQueue(),
        redis ? [] : inBucket(),
      ]);
      return [...database, ...queue, ...bucket].join('\n');
    },
    putDamaged: async (key, text) => {
      if (redis) await command('SET', keyOf(`doc:${key}`), `{"f":{"to":"[\\"${text}`);
      // A number that JavaScript does not have.
      else
        await dynamo.send(
          new PutItemCommand({
            TableName,
            Item: { key: { S: key }, to: { S: text }, size: { N: '99999999999999999999.5' } },
          }),
        );
    },
    buryFeedback,
    bury: async (job, queue = 'webhook') =>
      redis
        ? void (await command('XADD', keyOf('dead'), '*', 'job', job, 'queue', queue, 'received', '5'))
        : buryFeedback(job),
  };
}

function readable(bytes: Uint8Array | undefined): string {
  return bytes && bytes.length >= BROTLI_LEAST_BYTES ? brotliDecompressSync(bytes).toString() : '';
}
