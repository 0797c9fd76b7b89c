import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UNSUPPORTED_PATHS } from '../../../functions/api/unsupported-paths.ts';
import { SendoffError, unavailable } from '../../../functions/core/errors.ts';
import { createApiClient } from '../../helpers/api-client.ts';
import { plainEmail } from '../../helpers/sending-simulation.ts';

describe('paths', () => {
  it.each(['/', '/nothing', '/email', '/emails/1/2/3', '/emails/x/unknown', '/openapiXjson', '/openapi.jsonx'])(
    'answers 404 at %s',
    async (path) => {
      const { ask } = await createApiClient();
      expect(await ask('GET', path)).toMatchObject({
        status: 404,
        body: { statusCode: 404, name: 'not_found', message: 'The requested endpoint does not exist' },
      });
    },
  );

  it.each([
    ['DELETE', '/emails', 'POST, GET, HEAD'],
    ['OPTIONS', '/emails', 'POST, GET, HEAD'],
    ['PUT', '/emails/batch', 'POST'],
    ['GET', '/emails/batch', 'POST'],
    ['DELETE', '/emails/0a1b2c3d-0000-4000-8000-000000000000', 'GET, HEAD, PATCH'],
    ['GET', '/emails/0a1b2c3d-0000-4000-8000-000000000000/cancel', 'POST'],
    ['PUT', '/api-keys', 'POST, GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
    ['GET', '/suppressions/batch/add', 'POST'],
    ['POST', '/suppressions/someone@example.com', 'GET, HEAD, DELETE'],
  ])('answers 405 to %s %s with or without a key, and names what the route takes', async (method, path, allow) => {
    const { ask } = await createApiClient();
    for (const headers of [{}, { authorization: '' }] as Record<string, string>[]) {
      const answer = await ask(method, path, undefined, headers);
      expect(answer).toMatchObject({
        status: 405,
        body: {
          statusCode: 405,
          name: 'method_not_allowed',
          message: `Method is not allowed for the requested path. Use ${allow.split(', ').join(' or ')} here.`,
        },
      });
      expect(answer.headers.get('allow')).toBe(allow);
    }
  });

  it('answers HEAD as GET, without the body', async () => {
    const { ask } = await createApiClient();
    for (const [path, status] of [
      ['/emails', 200],
      ['/emails/none', 404],
      ['/emails/batch', 405],
      ['/nothing', 404],
    ] as const)
      expect(await ask('HEAD', path)).toMatchObject({ status, body: undefined });
  });

  const id = '0a1b2c3d-0000-4000-8000-000000000000';
  it.each([
    ['GET', '/emails/receiving'],
    ['GET', `/emails/receiving/${id}`],
    ['GET', `/emails/receiving/${id}/attachments/${id}`],
    ['POST', `/emails/${id}/share`],
    ['POST', `/domains/${id}/verify`],
    ['GET', `/domains/${id}/claim`],
    ['POST', '/domains/claim'],
    ['GET', `/logs/${id}`],
    ['DELETE', `/oauth/grants/${id}`],
    ['GET', '/automations'],
    ['POST', '/events/send'],
    ['GET', '/inboxes/a%40b.example'],
    ['GET', '/usage'],
  ])('answers to %s %s of Resend’s API that this version of Sendoff does not have it', async (method, path) => {
    const { ask } = await createApiClient();
    const [answer, anyone] = [await ask(method, path), await ask(method, path, undefined, { authorization: '' })];
    expect(answer).toMatchObject({ status: 404, body: { statusCode: 404, name: 'not_found' } });
    expect(answer.body.message).toMatch(
      /^Sendoff \d+\.\d+\.\d+ does not have this part of Resend's API\..*docs\/compatibility\.md/,
    );
    expect(anyone.body).toEqual(answer.body);
  });

  it.each([
    ['POST', '/domains'],
    ['PATCH', `/domains/${id}`],
    ['DELETE', `/domains/${id}`],
  ])('answers the same to %s %s, whose path it has, and names the methods to use', async (method, path) => {
    const { ask } = await createApiClient();
    const answer = await ask(method, path, {});
    expect(answer).toMatchObject({ status: 405, body: { statusCode: 405, name: 'method_not_allowed' } });
    expect(answer.body.message).toMatch(
      /^Sendoff .* does not have this part of Resend's API\..* Use GET or HEAD here\.$/,
    );
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });

  it('lists every unsupported path on the page that the message names', () => {
    const page = readFileSync('docs/compatibility.md', 'utf8');
    expect(UNSUPPORTED_PATHS.filter((path) => !page.includes(path.replace(':id', '{id}')))).toEqual([]);
  });

  it('names the version of package.json in that message', async () => {
    const { ask } = await createApiClient();
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect((await ask('GET', '/automations')).body.message).toContain(`Sendoff ${version} `);
  });

  it('answers 404 to a path that is longer than any id', async () => {
    const { ask } = await createApiClient();
    for (const path of ['/webhooks/', '/suppressions/', '/webhooks/x/events/', '/unsubscribe/'])
      expect(await ask('GET', path + 'x'.repeat(1_500))).toMatchObject({ status: 404, body: { name: 'not_found' } });
  });

  it.each(['//emails', '/emails/', '//emails//', '///emails'])('treats %s as /emails', async (path) => {
    const { ask } = await createApiClient();
    expect((await ask('POST', path, plainEmail)).status).toBe(200);
  });

  it('answers 404 to an invalid id, however long or strange', async () => {
    const { ask } = await createApiClient();
    for (const id of ['x', 'x'.repeat(5_000), '%E0%A4%A', '%00', '..%2f..', 'email%231', '🙂']) {
      expect((await ask('GET', `/emails/${id}`)).status).toBe(404);
      expect((await ask('POST', `/emails/${id}/cancel`)).status).toBe(404);
      expect((await ask('DELETE', `/api-keys/${id}`)).status).toBe(404);
    }
  });

  it('is healthy', async () => {
    const { ask } = await createApiClient();
    expect(await ask('GET', '/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });
});

describe('request bodies', () => {
  it.each([
    ['nothing', ''],
    ['spaces', ' \n'],
    ['invalid JSON', '{"from":'],
    ['JSON and more', '{} {}'],
    ['a form', 'from=a%40example.com'],
    ['bytes', '\u0000\u0001'],
  ])('answer 400 validation_error when they are %s', async (_what, body) => {
    const { ask } = await createApiClient();
    expect(await ask('POST', '/emails', body)).toMatchObject({
      status: 400,
      body: { statusCode: 400, name: 'validation_error' },
    });
  });

  it('answer 422 when they are JSON of another kind, or a hundred thousand lists deep', async () => {
    const { ask } = await createApiClient();
    for (const body of ['null', '7', '"text"', '[]', `${'['.repeat(100_000)}${']'.repeat(100_000)}`])
      expect(await ask('POST', '/emails', body)).toMatchObject({ status: 422, body: { name: 'invalid_parameter' } });
  });

  it('answer 422 when they are over 10 MB', async () => {
    const { ask } = await createApiClient();
    const answer = await ask('POST', '/emails', { ...plainEmail, html: 'x'.repeat(10_000_001) });
    expect(answer).toMatchObject({ status: 422, body: { message: expect.stringContaining('too large') } });
  });

  it('are JSON whatever their content type', async () => {
    const { ask } = await createApiClient();
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded'])
      expect((await ask('POST', '/emails', plainEmail, { 'content-type': type })).status).toBe(200);
  });
});

describe('errors', () => {
  const failing = (error: unknown) =>
    createApiClient((backend) => ({ ...backend, submit: () => Promise.reject(error) }));

  it('of ours are answered as they are, in Resend’s form, and not logged', async () => {
    const { ask, logged } = await failing(new SendoffError('security_error', 451, 'not this'));
    const answer = await ask('POST', '/emails', plainEmail);
    expect(answer).toMatchObject({
      status: 451,
      body: { statusCode: 451, name: 'security_error', message: 'not this' },
    });
    expect(Object.keys(answer.body)).toEqual(['statusCode', 'name', 'message']);
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(logged).toEqual([]);
  });

  it('that are temporary say when to retry, and are logged', async () => {
    const error = unavailable('DynamoDB is down', new Error('socket hang up'));
    const { ask, logged } = await failing(error);
    const answer = await ask('POST', '/emails', plainEmail);
    expect(answer).toMatchObject({ status: 503, body: { name: 'application_error' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(logged).toEqual([
      { level: 'error', message: 'request failed', fields: { method: 'POST', route: '/emails', error } },
    ]);
  });

  it('are logged with the email and the route, not with the path, which can hold an address', async () => {
    const { ask, logged } = await createApiClient((backend) => ({
      ...backend,
      bodies: { ...backend.bodies, get: () => Promise.reject(unavailable('DynamoDB is down')) },
    }));
    const { id } = (await ask('POST', '/emails', plainEmail)).body as { id: string };
    await ask('GET', `/emails/${id}?of=b%40example.com`);
    expect(logged.map(({ fields }) => fields)).toMatchObject([{ method: 'GET', route: '/emails/:id', emailId: id }]);
    expect(JSON.stringify(logged)).not.toContain('example.com');
  });

  it('that are unexpected are answered without details, and logged with them', async () => {
    const error = new TypeError('x is not a function at secret');
    const { ask, logged } = await failing(error);
    const answer = await ask('POST', '/emails', plainEmail);
    expect(answer).toMatchObject({
      status: 500,
      body: { statusCode: 500, name: 'application_error', message: 'An unexpected error occurred' },
    });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect(logged).toMatchObject([{ level: 'error', fields: { error } }]);
  });

  it('never log recipients or content', async () => {
    const { ask, logged } = await failing(unavailable('down'));
    await ask('POST', '/emails', { ...plainEmail, to: 'secret@example.com', subject: 'secret', text: 'secret' });
    expect(JSON.stringify(logged)).not.toContain('secret');
  });
});
