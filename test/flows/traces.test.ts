import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { startSendoff } from '../helpers/start-sendoff.ts';
import { anEmail, requestTo } from './running.ts';

interface Subsegment {
  readonly name: string;
  readonly aws: { readonly operation: string };
  readonly annotations?: { readonly emailId: string };
}

/** The documents for X-Ray's daemon, which on AWS runs beside each function. */
const daemon = createSocket('udp4');
const segments: Subsegment[] = [];
let local: LocalSendoff;

beforeAll(async () => {
  daemon.on('message', (message) => {
    const [header = '', document = ''] = message.toString().split('\n');
    expect(JSON.parse(header)).toEqual({ format: 'json', version: 1 });
    segments.push(JSON.parse(document));
  });
  await new Promise<void>((resolve) => daemon.bind(0, '127.0.0.1', resolve));
  local = await startSendoff({
    config: { xray: 'true' },
    functionEnvironment: {
      AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
      _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
    },
  });
}, 60_000);
afterAll(async () => {
  await local?.cloud.close();
  daemon.close();
});

it('an email has a trace of every call from the API to SES, which can be searched by its id', async () => {
  const { json } = await requestTo(local)('POST', '/emails', anEmail());
  await local.cloud.idle();
  const ofEmail = () => segments.filter(({ annotations }) => annotations?.emailId === json.id);
  const calls = () => ofEmail().map(({ name, aws }) => `${name} ${aws.operation}`);
  // Claimed, sent, delivered; the daemon may hear of the last one after the cloud is idle.
  await expect.poll(() => calls().filter((call) => call === 'DynamoDB UpdateItem').length).toBe(3);
  expect([...new Set(calls())].sort()).toEqual([
    'DynamoDB GetItem',
    'DynamoDB PutItem',
    'DynamoDB UpdateItem',
    'SES SendRawEmail',
  ]);
  expect(segments.map(({ name }) => name)).toContain('SQS');
  expect(JSON.stringify(segments)).not.toContain('example.com');
});
