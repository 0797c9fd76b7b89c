import { describe, expect, it } from 'vitest';
import type { AwsRequest } from '../../../../functions/adapters/aws/request.ts';
import { upstashCredentials } from '../../../../functions/adapters/redis/credentials.ts';

const credentials = { url: 'https://db.upstash.io', token: 'very-secret' };

function answering(text: string, wrap: (text: string) => unknown) {
  const requests: AwsRequest[] = [];
  const request = async (one: AwsRequest) => {
    requests.push(one);
    return JSON.stringify(wrap(text));
  };
  return { requests, request };
}
const asSecret = (SecretString: string) => ({ SecretString });
const asParameter = (Value: string) => ({ Parameter: { Value } });

describe('the credentials of the database', () => {
  it('are read from the secret', async () => {
    const { requests, request } = answering(JSON.stringify(credentials), asSecret);
    expect(await upstashCredentials({ REDIS_SECRET: 'upstash' }, request)).toEqual(credentials);
    expect(requests).toMatchObject([
      {
        service: 'secretsmanager',
        headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' },
        body: '{"SecretId":"upstash"}',
      },
    ]);
  });

  it('are read from the parameter, decrypted', async () => {
    const { requests, request } = answering(JSON.stringify(credentials), asParameter);
    expect(await upstashCredentials({ REDIS_PARAMETER: '/upstash' }, request)).toEqual(credentials);
    expect(requests).toMatchObject([
      { headers: { 'x-amz-target': 'AmazonSSM.GetParameter' }, body: '{"Name":"/upstash","WithDecryption":true}' },
    ]);
  });

  it('may have the names that Upstash shows', async () => {
    const text = JSON.stringify({ UPSTASH_REDIS_REST_URL: credentials.url, UPSTASH_REDIS_REST_TOKEN: 'very-secret' });
    expect(await upstashCredentials({ REDIS_SECRET: 'x' }, answering(text, asSecret).request)).toEqual(credentials);
  });

  it('are those of the environment in the local cloud, and AWS is not asked', async () => {
    const env = { UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1', UPSTASH_REDIS_REST_TOKEN: 't', REDIS_SECRET: 'local' };
    const { requests, request } = answering('', asSecret);
    expect(await upstashCredentials(env, request)).toEqual({ url: 'http://127.0.0.1:1', token: 't' });
    expect(requests).toEqual([]);
  });

  it.each([
    'very-secret',
    '{"url":"https://db.upstash.io"}',
    '{"url":"db","token":"very-secret"}',
    '"very-secret"',
    'null',
  ])('that are not as they should be (%s) are refused without being told', async (text) => {
    const error = await upstashCredentials({ REDIS_SECRET: 'upstash' }, answering(text, asSecret).request).catch(
      (thrown: unknown) => thrown,
    );
    expect(String(error)).toMatch(/the secret upstash does not hold/);
    expect(String(error)).not.toContain('very-secret');
  });

  it('are nowhere when neither is named', async () => {
    await expect(upstashCredentials({})).rejects.toThrow('REDIS_SECRET');
  });
});
