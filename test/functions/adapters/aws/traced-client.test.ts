import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { traced } from '../../../../functions/adapters/aws/traced-client.ts';
import { EMAIL_ID_TAG } from '../../../../functions/core/email/schema.ts';

const emailId = '0b7c1e0e-5a51-4f0e-8a0e-3f1f2a9c7d55';
const sampled = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';

type Call = (args: { input: unknown }) => Promise<{ output: object }>;
type Middleware = (next: Call, context: { clientName: string; commandName: string }) => Call;

/** A client with a middleware stack like the SDK's, and the calls through it. */
function start({ trace = sampled, tracing = 'true' } = {}) {
  vi.stubEnv('TRACE_CALLS', tracing);
  vi.stubEnv('_X_AMZN_TRACE_ID', trace);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  const added: Middleware[] = [];
  const documents: string[] = [];
  const client = { middlewareStack: { add: (middleware: Middleware) => void added.push(middleware) } };
  expect(traced(client, (document) => void documents.push(document))).toBe(client);
  const [middleware = (next: Call) => next] = added;
  const call = (input: unknown, next: Call, [clientName, commandName] = ['DynamoDBClient', 'GetItemCommand']) =>
    middleware(next, { clientName: clientName ?? '', commandName: commandName ?? '' })({ input });
  return { call, documents, parsed: () => documents.map((document) => JSON.parse(document)) };
}
const answer = { output: { $metadata: { requestId: 'R1', httpStatusCode: 200, attempts: 3 } } };

describe('a traced client', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  it('reports each call to X-Ray with its name, time, outcome and email', async () => {
    const { call, parsed } = start();
    const next = async () => {
      vi.advanceTimersByTime(12);
      return answer;
    };
    expect(await call({ Key: { key: { S: `email#${emailId}` } } }, next)).toBe(answer);
    expect(parsed()).toEqual([
      {
        type: 'subsegment',
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        trace_id: '1-5759e988-bd862e3fe1be46a994272793',
        parent_id: '53995c3f42cd8ad8',
        name: 'DynamoDB',
        namespace: 'aws',
        start_time: 1_700_000_000,
        end_time: 1_700_000_000.012,
        aws: { operation: 'GetItem', region: 'eu-west-1', request_id: 'R1', retries: 2 },
        http: { response: { status: 200 } },
        annotations: { emailId },
      },
    ]);
  });

  it.each([
    [400, { error: true }],
    [500, { fault: true }],
    [undefined, { fault: true }],
  ])('reports a call that failed with %s, and rejects with the error', async (httpStatusCode, expected) => {
    const { call, parsed } = start();
    const error = Object.assign(new Error('no'), { $metadata: { httpStatusCode } });
    await expect(call({ Key: {} }, () => Promise.reject(error))).rejects.toBe(error);
    expect(parsed()).toMatchObject([expected]);
    expect(parsed()[0]).not.toHaveProperty('annotations');
  });

  it.each([
    ['a message', { Tags: [{ Name: EMAIL_ID_TAG, Value: emailId }], Source: 'a@example.com' }],
    ['a record', { Item: { key: { S: `email#${emailId}` }, to: { S: 'a@example.com' } } }],
    ['a body in the bucket', { Key: `body#${emailId}#abc`, Body: 'a@example.com' }],
  ])('reports the email of %s, and nothing else of it', async (_what, input) => {
    const { call, documents, parsed } = start();
    await call(input, async () => answer);
    expect(parsed()).toMatchObject([{ annotations: { emailId } }]);
    expect(documents.join()).not.toContain('example.com');
  });

  it.each([
    ['nothing is traced in this deployment', { tracing: 'false' }],
    ['this invocation is not sampled', { trace: sampled.replace('Sampled=1', 'Sampled=0') }],
    ['there is no trace', { trace: '' }],
  ])('reports nothing when %s', async (_why, options) => {
    const { call, documents } = start(options);
    expect(await call({}, async () => answer)).toBe(answer);
    expect(documents).toEqual([]);
  });
});
