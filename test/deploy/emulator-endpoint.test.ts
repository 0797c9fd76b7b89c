import { afterEach, describe, expect, it, vi } from 'vitest';
import { checkEndpoint, isolatedEnvironment } from './emulator-endpoint.ts';

describe('the endpoint of a deploy test', () => {
  it.each([
    ['http://127.0.0.1:4566', 'http://127.0.0.1:4566'],
    ['http://localhost:4566/', 'http://localhost:4566'],
    ['https://localhost.localstack.cloud:4566', 'https://localhost.localstack.cloud:4566'],
    ['http://[::1]:4566', 'http://[::1]:4566'],
    ['http://172.17.0.2:4566', 'http://172.17.0.2:4566'],
    ['http://localstack:4566', 'http://localstack:4566'],
  ])('may be %s', (given, origin) => {
    expect(checkEndpoint(given)).toBe(origin);
  });

  it.each([
    'https://sqs.us-east-1.amazonaws.com',
    'https://amazonaws.com',
    'https://vpce-1.sqs.us-east-1.vpce.amazonaws.com',
    'https://api.aws',
    'https://example.com',
    'http://localhost.example.com',
    'http://52.94.0.1',
    'http://172.32.0.1',
  ])('is not %s, which could be a real account', (given) => {
    expect(() => checkEndpoint(given)).toThrow('speaks to an emulator');
  });

  it.each(['localhost:4566', 'ftp://localhost', 'http://localhost/path', ''])(
    'is not %j, which is no endpoint',
    (given) => {
      expect(() => checkEndpoint(given)).toThrow('AWS_ENDPOINT_URL');
    },
  );
});

describe('the environment of what a deploy test starts', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('has nothing of the caller’s by which an account could be reached', () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAREAL');
    vi.stubEnv('AWS_SESSION_TOKEN', 'real');
    vi.stubEnv('AWS_PROFILE', 'production');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'https://s3.amazonaws.com');
    vi.stubEnv('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'true');
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', 'http://169.254.170.2');
    const environment = isolatedEnvironment('http://127.0.0.1:1', '/scratch');
    const { PATH, LANG, ...rest } = environment;
    expect(rest).toEqual({
      HOME: '/scratch',
      TMPDIR: '/scratch',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      CDK_DISABLE_CLI_TELEMETRY: '1',
    });
  });
});
