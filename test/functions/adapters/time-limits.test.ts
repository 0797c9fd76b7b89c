import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { clientOptionsWith } from '../../../functions/adapters/aws/clients.ts';
import { createDynamoTable } from '../../../functions/adapters/aws/dynamodb/table.ts';
import { isTransient } from '../../../functions/adapters/aws/errors.ts';
import { awsRequest } from '../../../functions/adapters/aws/request.ts';
import { createS3Bodies } from '../../../functions/adapters/aws/s3-bodies.ts';
import { createSesDomains } from '../../../functions/adapters/aws/ses-domains.ts';
import { createSesClient, createSesMailer } from '../../../functions/adapters/aws/ses-mailer.ts';
import { createSqsBroker } from '../../../functions/adapters/aws/sqs-broker.ts';
import { createFetchFile } from '../../../functions/adapters/http/fetch-file.ts';
import { createPostWebhook } from '../../../functions/adapters/http/post-webhook.ts';
import { createUpstashRequester } from '../../../functions/adapters/redis/requester.ts';
import { SendoffError } from '../../../functions/core/errors.ts';
import { type FaultyServer, faults, startFaultyServer, startFullServer } from '../../helpers/faulty-server.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../../fixtures/tls', name), 'utf8');
const [key, cert] = [fixture('key.pem'), fixture('cert.pem')];

const ANSWER_MS = 250;
const options = (endpoint: string) => ({
  ...clientOptionsWith({ connectMs: 100, answerMs: ANSWER_MS, maxAttempts: 2 }),
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 's' },
});

const queueUrls = { transactional: 'q', bulk: 'q', webhook: 'q', 'webhook-slow': 'q' };
const job = { queue: 'bulk', job: { task: 't', args: {}, attempt: 1 } } as const;
const message = { emailId: 'id', from: 'a@example.com', destinations: ['b@example.com'], tags: [] };
const lookup: LookupFunction = (_hostname, { all }, callback) =>
  all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
const signal = new AbortController().signal;

interface Client {
  readonly name: string;
  /** Makes one call of a client that is made for this endpoint, and keeps its connections. */
  readonly open: (endpoint: string) => () => Promise<unknown>;
  readonly answer: FaultyServer['answer'];
  readonly tls?: true;
  /** What the error must be, beside retryable. */
  readonly error?: object;
}

const json = (value: unknown) => ({ body: JSON.stringify(value) });
const xml = (body: string) => ({ body, headers: { 'content-type': 'text/xml' } });

const clients: readonly Client[] = [
  {
    name: 'DynamoDB',
    open: (endpoint) => {
      const table = createDynamoTable(new DynamoDBClient(options(endpoint)), 'table');
      return () => table.get('key');
    },
    answer: json({}),
  },
  {
    name: 'SQS',
    open: (endpoint) => {
      const urls = Object.fromEntries(Object.keys(queueUrls).map((name) => [name, `${endpoint}/1/q`]));
      const broker = createSqsBroker(new SQSClient({ ...options(endpoint), md5: false }), urls as typeof queueUrls);
      return () => broker.send([job]);
    },
    answer: json({ Successful: [{ Id: '0', MessageId: 'm' }], Failed: [] }),
  },
  {
    name: 'S3, reading',
    open: (endpoint) => {
      const bodies = createS3Bodies('bucket', new S3Client({ ...options(endpoint), forcePathStyle: true }));
      return () => bodies.get('key');
    },
    answer: { body: 'body' },
  },
  {
    name: 'S3, writing',
    open: (endpoint) => {
      const bodies = createS3Bodies('bucket', new S3Client({ ...options(endpoint), forcePathStyle: true }));
      return () => bodies.put('key', Buffer.alloc(3_000_000));
    },
    answer: { body: '' },
  },
  {
    name: 'SES, sending',
    open: (endpoint) => {
      const limits = { connectMs: 100, answerMs: ANSWER_MS, maxAttempts: 1 };
      const mailer = createSesMailer('set', createSesClient(options(endpoint), Date.now, limits));
      return () => mailer.send({ ...message, raw: Buffer.alloc(1_000_000, 'x') });
    },
    answer: xml(
      '<SendRawEmailResponse><SendRawEmailResult><MessageId>m</MessageId></SendRawEmailResult></SendRawEmailResponse>',
    ),
    // SES may have taken it: its Send event must arrive first.
    error: { retryAfterSeconds: 60 },
  },
  {
    name: 'SES, domains',
    open: (endpoint) => () => createSesDomains(new SESClient(options(endpoint))).names(),
    answer: xml('<ListIdentitiesResponse><ListIdentitiesResult/></ListIdentitiesResponse>'),
  },
  {
    name: 'a signed request',
    open: (endpoint) => () => {
      const identity = { accessKeyId: 'a', secretAccessKey: 's', region: 'us-east-1', endpoint };
      return awsRequest({ service: 'lambda', path: '/', headers: {}, body: '{}' }, identity, ANSWER_MS);
    },
    answer: json({}),
  },
  {
    name: 'Redis',
    open: (url) => {
      const requester = createUpstashRequester({
        credentials: async () => ({ url, token: 't' }),
        timeoutMs: ANSWER_MS,
      });
      return () => requester.request({ body: ['GET', 'key'] });
    },
    answer: json({ result: 'value' }),
  },
  {
    name: 'an attachment',
    open: (endpoint) => {
      const fetchFile = createFetchFile({ lookup, ca: cert, timeoutMs: ANSWER_MS });
      return () => fetchFile(endpoint.replace('127.0.0.1', 'files.example'), 5_000_000, signal);
    },
    answer: { body: 'file' },
    tls: true,
  },
  {
    name: 'a webhook',
    open: (endpoint) => {
      const post = createPostWebhook({ allowLocal: true });
      return async () => {
        const { timedOut, response } = await post(endpoint, {}, '{}', ANSWER_MS);
        if (timedOut) throw new SendoffError('application_error', 503, response, { retryable: true });
      };
    },
    answer: { body: 'thanks' },
  },
  {
    name: 'a client of the CLI',
    open: (endpoint) => {
      const client = new CloudFormationClient(options(endpoint));
      return async () => {
        await client.send(new DescribeStacksCommand({})).catch((cause: unknown) => {
          throw new SendoffError('application_error', 503, String(cause), { retryable: isTransient(cause) });
        });
      };
    },
    answer: xml('<DescribeStacksResponse><DescribeStacksResult/></DescribeStacksResponse>'),
  },
];

let full: Awaited<ReturnType<typeof startFullServer>>;
beforeAll(async () => {
  full = await startFullServer();
});
afterAll(() => full?.close());

describe.concurrent.each(clients)('a call to $name', ({ open, answer, tls, error = {} }) => {
  const scheme = tls ? 'https' : 'http';
  const failure = { name: 'SendoffError', retryable: true, ...error };

  it('ends when the server stays silent, stops within its answer or drips, and the next call succeeds', async ({
    expect,
  }) => {
    const server = await startFaultyServer(tls && { key, cert });
    const call = open(`${scheme}://127.0.0.1:${server.port}`);
    server.answer = answer;
    for (const fault of faults) {
      server.fault = fault;
      await expect(call(), fault).rejects.toMatchObject(failure);
      server.fault = undefined;
      // On a busy machine one more call may be late.
      await expect.poll(() => call().then(() => 'answered', String), { timeout: 20_000 }).toBe('answered');
    }
    await server.close();
  });

  it('ends when the server does not accept the connection', async ({ expect }) => {
    await expect(open(`${scheme}://127.0.0.1:${full.port}`)()).rejects.toMatchObject(failure);
  });
});
