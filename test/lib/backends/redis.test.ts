import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, handlerEntry } from '../../../lib/bundle.ts';
import { parseConfig } from '../../../lib/config.ts';
import type { BackendName } from '../../../lib/handlers.ts';
import { grantsOf, sendoffTemplate } from '../../helpers/sendoff-template.ts';

const secret = { backend: 'redis', redisSecret: 'upstash' } as const;

describe('the stack with backend=redis', () => {
  const { template, sendoff } = sendoffTemplate(secret);

  it('has no table, no bucket, and no queue but that of feedback', () => {
    for (const type of ['AWS::DynamoDB::Table', 'AWS::S3::Bucket']) template.resourceCountIs(type, 0);
    expect(Object.keys(template.findResources('AWS::SQS::Queue')).sort()).toEqual([
      expect.stringMatching(/^MailDeadLetterQueue/),
      expect.stringMatching(/^MailFeedbackQueue/),
    ]);
    template.resourceCountIs('AWS::Lambda::EventSourceMapping', 1);
    expect(() => sendoff.queues).toThrow(/no 'queues' with backend=redis/);
    expect(() => sendoff.table).toThrow(/no 'table'/);
  });

  it('names its functions as they are named in the template', () => {
    expect(Object.keys(sendoff.functions)).toEqual(['api', 'feedback', 'redisConsumer', 'redisWatchdog']);
    expect(sendoff.redis?.functions.redisConsumer.node.id).toBe('RedisConsumerFunction');
    expect(sendoff.redis?.functions.redisWatchdog.node.id).toBe('RedisWatchdogFunction');
  });

  it('lets the API read the credentials, invoke the consumer, read metrics and the identities of SES, and deal with dead letters', () => {
    const {
      'Allow logs:CreateLogStream': _,
      'Allow logs:PutLogEvents': __,
      ...grants
    } = grantsOf(template, 'MailApiFunctionRole');
    expect(Object.keys(grants).sort()).toEqual([
      'Allow cloudwatch:GetMetricData',
      'Allow lambda:InvokeFunction',
      'Allow secretsmanager:GetSecretValue',
      'Allow ses:GetIdentityDkimAttributes',
      'Allow ses:GetIdentityMailFromDomainAttributes',
      'Allow ses:GetIdentityVerificationAttributes',
      'Allow ses:ListIdentities',
      'Allow sqs:ChangeMessageVisibility',
      'Allow sqs:DeleteMessage',
      'Allow sqs:GetQueueAttributes',
      'Allow sqs:ReceiveMessage',
      'Allow sqs:SendMessage',
    ]);
    expect(grants['Allow sqs:SendMessage']).toEqual(['{MailFeedbackQueue}']);
    expect(grants['Allow sqs:ReceiveMessage']).toEqual(['{MailDeadLetterQueue}']);
    expect(grants['Allow lambda:InvokeFunction']).toEqual(['{MailRedisConsumerFunction}']);
    expect(grants['Allow secretsmanager:GetSecretValue']?.[0]).toMatch(/:secret:upstash-\?\?\?\?\?\?$/);
  });

  it('lets the feedback function read its queue and the credentials, and invoke the consumer', () => {
    const grants = grantsOf(template, 'MailFeedbackFunctionRole');
    expect(Object.keys(grants).sort()).toEqual([
      'Allow lambda:InvokeFunction',
      'Allow logs:CreateLogStream',
      'Allow logs:PutLogEvents',
      'Allow secretsmanager:GetSecretValue',
      'Allow sqs:DeleteMessage',
      'Allow sqs:GetQueueAttributes',
      'Allow sqs:ReceiveMessage',
    ]);
    expect(grants['Allow lambda:InvokeFunction']).toEqual(['{MailRedisConsumerFunction}']);
  });

  it('gives the consumer the base URL of unsubscribe links, without a circle of references', () => {
    const rest = sendoffTemplate({ ...secret, api: 'rest' }).template;
    for (const one of [template, rest]) {
      const [consumer] = Object.entries(one.findResources('AWS::Lambda::Function')).filter(([id]) =>
        /RedisConsumerFunction/.test(id),
      );
      expect(consumer?.[1].Properties.Environment.Variables).toMatchObject({
        PUBLIC_URL: expect.anything(),
        DEPLOYMENT: expect.stringMatching(/Mail$/),
      });
    }
    const stage = Object.keys(rest.findResources('AWS::ApiGateway::Stage'))[0] ?? '';
    expect(JSON.stringify(rest.findResources('AWS::Lambda::Function'))).not.toContain(stage);
  });

  it('lets the consumer send, and invoke itself and the watchdog; lets the watchdog invoke the consumer', () => {
    const consumer = grantsOf(template, 'MailRedisConsumerFunctionRole');
    expect(consumer['Allow lambda:InvokeFunction']).toEqual([
      '{MailRedisConsumerFunction}',
      '{MailRedisWatchdogFunction}',
    ]);
    expect(consumer['Allow ses:SendRawEmail']).toHaveLength(2);
    expect(grantsOf(template, 'MailRedisWatchdogFunctionRole')['Allow lambda:InvokeFunction']).toEqual([
      '{MailRedisConsumerFunction}',
    ]);
  });

  it('has the name of the secret in the environment, and the credentials nowhere', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function'))) {
      expect(Properties.Environment.Variables).toMatchObject({
        REDIS_SECRET: 'upstash',
        REDIS_NAMESPACE: expect.any(String),
      });
    }
    expect(JSON.stringify(template.toJSON())).not.toMatch(/UPSTASH|resolve:secretsmanager/);
  });

  it('invokes the watchdog once a minute', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^MailRedisWatchdogFunction'), 'Arn'] } }],
    });
  });

  it('reads an SSM parameter instead, with redisParameter', () => {
    const { template: other } = sendoffTemplate({ backend: 'redis', redisParameter: '/mail/upstash' });
    const grants = grantsOf(other, 'MailApiFunctionRole');
    expect(grants['Allow ssm:GetParameter']?.[0]).toMatch(/:parameter\/mail\/upstash$/);
    expect(grants).not.toHaveProperty('Allow secretsmanager:GetSecretValue');
  });

  it('takes the ARN of a secret as it is', () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:upstash-AbCdEf';
    const { template: other } = sendoffTemplate({ backend: 'redis', redisSecret: arn });
    expect(grantsOf(other, 'MailApiFunctionRole')['Allow secretsmanager:GetSecretValue']).toEqual([arn]);
  });
});

describe('options that contradict each other', () => {
  it.each([
    [{ backend: 'redis' }, ['backend', 'redisSecret', 'redisParameter']],
    [{ ...secret, redisParameter: '/x' }, ['redisSecret', 'redisParameter']],
    [{ redisSecret: 'x' }, ['redisSecret', 'backend']],
    [{ backend: 'aws', redisParameter: 'x' }, ['redisParameter', 'backend']],
    [{ maxConsumers: 2 }, ['maxConsumers', 'backend']],
    [{ ...secret, maxConcurrency: 3 }, ['maxConcurrency', 'backend']],
    [{ ...secret, bulkMaxConcurrency: 3 }, ['bulkMaxConcurrency', 'backend']],
    [{ ...secret, webhookMaxConcurrency: 3 }, ['webhookMaxConcurrency', 'backend']],
    [{ ...secret, sendTimeoutSeconds: 90 }, ['sendTimeoutSeconds', 'backend']],
    [{ ...secret, removeData: true }, ['removeData', 'backend']],
  ])('%j is refused, naming %j', (given, names) => {
    for (const name of names) expect(() => parseConfig(given)).toThrow(`'${name}'`);
  });

  it.each([
    {},
    secret,
    { backend: 'redis', redisParameter: '/x', maxConsumers: 2 },
    { maxConcurrency: 3, removeData: true },
  ])('%j is accepted, and accepted again with all defaults filled in', (given) => {
    expect(parseConfig(parseConfig(given))).toEqual(parseConfig(given));
  });
});

describe('a bundle', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'backend-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const packagesOf = (handler: string, backend: BackendName): Set<string> => {
    const { metafile } = bundle(handlerEntry(handler), join(directory, handler + backend), backend);
    const cold = new Set<string>();
    const visit = (file: string) => {
      // The code that a package runs on import stays in the bundle although nobody uses it: 1.6 KB of @upstash/redis.
      for (const [path, { bytesInOutput }] of Object.entries(metafile.outputs[file]?.inputs ?? {}))
        if (bytesInOutput > 2_000) cold.add(/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path);
      for (const { kind, path } of metafile.outputs[file]?.imports ?? []) if (kind === 'import-statement') visit(path);
    };
    visit('index.mjs');
    return cold;
  };

  it('of the API has the clients of its own backend only', () => {
    const redis = packagesOf('api', 'redis');
    expect(redis).toContain('@upstash/redis');
    for (const name of redis) expect(name).not.toMatch(/^@(aws-sdk|smithy)\//);
    const aws = packagesOf('api', 'aws');
    expect(aws).toContain('@aws-sdk/client-sqs');
    expect(aws).not.toContain('@upstash/redis');
    expect([...aws].filter((name) => name.includes('adapters/redis/'))).toEqual([]);
  });

  it.each(['redis-consumer', 'redis-watchdog'])('of %s has no client of DynamoDB, SQS or S3', (handler) => {
    const packages = packagesOf(handler, 'redis');
    expect(packages).toContain('@upstash/redis');
    for (const name of packages) expect(name).not.toMatch(/client-(sqs|dynamodb|s3)/);
  });

  it.each<[string, BackendName]>([
    ['send', 'aws'],
    ['redis-consumer', 'redis'],
  ])('of %s loads the HTML converter only when an email needs it', (handler, backend) => {
    const packages = packagesOf(handler, backend);
    expect(packages).toContain('nodemailer');
    for (const name of packages) expect(name).not.toMatch(/html-to-text|htmlparser2|domutils|entities/);
  });

  it('differs between the backends', () => {
    const code = (backend: BackendName) => {
      const output = join(directory, `code-${backend}`);
      bundle(handlerEntry('api'), output, backend);
      return readFileSync(join(output, readdirSync(output).find((file) => file === 'index.mjs') ?? ''), 'utf8');
    };
    expect(code('aws')).not.toBe(code('redis'));
  });
});
