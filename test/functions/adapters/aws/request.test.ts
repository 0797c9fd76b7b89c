import { createServer, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInvokeConsumer } from '../../../../functions/adapters/aws/invoke.ts';
import { awsRequest, signedHeaders } from '../../../../functions/adapters/aws/request.ts';
import type { Logger } from '../../../../functions/core/ports/telemetry.ts';

const identity = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1',
};

describe('a signature', () => {
  it('equals the one of post-vanilla in the AWS Signature Version 4 test suite', () => {
    const request = { service: 'service', path: '/', headers: {}, body: '' };
    const at = new Date('2015-08-30T12:36:00Z');
    expect(signedHeaders(request, 'example.amazonaws.com', identity, at).authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ' +
        'Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    );
  });

  it('covers the session token and every header', () => {
    const request = { service: 'lambda', path: '/', headers: { 'x-amz-invocation-type': 'Event' }, body: '{}' };
    const headers = signedHeaders(request, 'h', { ...identity, sessionToken: 'token' }, new Date());
    expect(headers).toMatchObject({ 'x-amz-security-token': 'token', 'x-amz-invocation-type': 'Event' });
    expect(headers.authorization).toContain(
      'SignedHeaders=host;x-amz-date;x-amz-invocation-type;x-amz-security-token,',
    );
    expect(headers).not.toHaveProperty('host');
  });
});

describe('a request to AWS', () => {
  const seen: IncomingMessage[] = [];
  let answer = { status: 200, body: 'done' };
  const server = createServer((request, response) => {
    seen.push(request);
    response.writeHead(answer.status).end(answer.body);
  });
  let endpoint = '';

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    endpoint = `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const send = () => awsRequest({ service: 'ssm', path: '/', headers: {}, body: '{}' }, { ...identity, endpoint });

  it('answers the body', async () => {
    answer = { status: 200, body: 'done' };
    expect(await send()).toBe('done');
    expect(seen.at(-1)).toMatchObject({ method: 'POST', url: '/' });
  });

  it.each([
    [500, '', true],
    [429, '', true],
    [400, '{"__type":"ThrottlingException"}', true],
    [400, '{"__type":"AccessDeniedException"}', false],
  ])('throws for %i %s; retryable: %s', async (status, body, retryable) => {
    answer = { status, body };
    const error: unknown = await send().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect((error as { retryable?: boolean }).retryable ?? false).toBe(retryable);
  });

  it('is repeated when its kept connection was closed meanwhile', async () => {
    answer = { status: 200, body: 'done' };
    await send();
    server.prependOnceListener('request', (request) => request.socket.destroy());
    const before = seen.length;
    expect(await send()).toBe('done');
    expect(seen.length - before).toBe(2);
  });

  it('throws a retryable error when nothing answers', async () => {
    const request = { service: 'ssm', path: '/', headers: {}, body: '' };
    await expect(awsRequest(request, { ...identity, endpoint: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      retryable: true,
    });
  });
});

describe('the invocation of a consumer', () => {
  it('that fails is logged, and fails no one', async () => {
    const errors: string[] = [];
    const log: Logger = { info: () => {}, warn: () => {}, error: (message) => void errors.push(message) };
    const invokeConsumer = createInvokeConsumer({
      functionName: 'consumer',
      log,
      request: () => Promise.reject(new Error('throttled')),
    });
    await invokeConsumer();
    expect(errors).toHaveLength(1);
  });

  it('starts the function without waiting for it, and tells whose place to take and who is to watch', async () => {
    const requests: unknown[] = [];
    const log: Logger = { info: () => {}, warn: () => {}, error: () => {} };
    const request = async (one: unknown) => void requests.push(one);
    await createInvokeConsumer({ functionName: 'consumer', watchdog: 'watchdog', log, request })('somebody');
    expect(requests).toMatchObject([
      {
        path: '/2015-03-31/functions/consumer/invocations',
        headers: { 'x-amz-invocation-type': 'Event' },
        body: '{"replaces":"somebody","watchdog":"watchdog"}',
      },
    ]);
  });
});
